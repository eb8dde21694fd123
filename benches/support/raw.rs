//! The same rows as the engine writes, from one loop with nothing around it: what the database could do.

use std::time::Instant;

use batchdesk::settings::Settings;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{AssertSqlSafe, Connection as _, Executor as _, Sqlite, SqliteConnection, query::Query};

/// Practices per second, with groups as large as the window. Only SQLite has a raw loop.
pub fn run(settings: &Settings, practices: u64, window: usize, sizes: [usize; 3]) -> f64 {
    let directory = tempfile::tempdir_in(&settings.data_dir).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(loop_over(&directory.path().join("raw.db"), practices, window, sizes))
}

async fn loop_over(file: &std::path::Path, practices: u64, window: usize, sizes: [usize; 3]) -> f64 {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", "4096");
    let mut db = SqliteConnection::connect_with(&options).await.unwrap();
    for statement in [
        "create table item (id integer primary key, job text, status text, version integer, a text, b text, c text)",
        "create index item_by_status on item (job, status, id)",
        "create table journal (seq integer primary key, id text unique, job text, item text, step integer, \
         from_state text, to_state text, operation text, details text, created_at text)",
        "create index journal_by_job on journal (job, seq)",
        "create table log (id integer primary key, run text, job text, item integer, step integer, life integer, \
         slug text, status text, created_at text, unique (job, item, step, life))",
    ] {
        db.execute(statement).await.unwrap();
    }
    let job = "0199f0d2-0000-7000-8000-000000000000";
    let window = window as u64;
    for first in (0..practices).step_by(window as usize) {
        let mut tx = db.begin_with("begin immediate").await.unwrap();
        for id in first..(first + window).min(practices) {
            let insert = query("insert into item (id, job, status, version) values (?, ?, 'pending', 1)");
            insert.bind(id as i64).bind(job).execute(&mut *tx).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
    let payloads = sizes.map(|size| format!("{{\"data\":\"{}\"}}", "x".repeat(size)));
    let (statuses, columns) = (["url_complete", "scraped", "aggregated"], ["a", "b", "c"]);
    let started = Instant::now();
    let mut seq = 0_i64;
    for first in (0..practices).step_by(window as usize) {
        for step in 0..3 {
            let ids: Vec<i64> = (first..(first + window).min(practices)).map(|id| id as i64).collect();
            let mut tx = db.begin_with("begin immediate").await.unwrap();
            let list = vec!["(?,?,?)"; ids.len()].join(",");
            let sql = format!(
                "update item set status = v.column2, version = version + 1, {} = v.column3 from (values {list}) v \
                 where item.id = v.column1 returning item.id",
                columns[step]
            );
            let mut update = query(&sql);
            for id in &ids {
                update = update.bind(*id).bind(statuses[step]).bind(payloads[step].as_str());
            }
            update.fetch_all(&mut *tx).await.unwrap();
            let list = vec!["(?,?,?,?,?,?,?,?,?,?)"; ids.len()].join(",");
            let sql = format!("insert into journal values {list}");
            let mut journal = query(&sql);
            for id in &ids {
                seq += 1;
                journal = journal
                    .bind(seq)
                    .bind(uuid::Uuid::now_v7().to_string())
                    .bind(job)
                    .bind(id.to_string());
                journal = journal
                    .bind(step as i64)
                    .bind("pending")
                    .bind(statuses[step])
                    .bind("step_completed");
                journal = journal.bind(DETAILS).bind("2026-01-01T00:00:00.000+00:00");
            }
            journal.execute(&mut *tx).await.unwrap();
            let list = vec!["(?,?,?,?,1,?,'completed',?)"; ids.len()].join(",");
            let sql = format!("insert into log (run, job, item, step, life, slug, status, created_at) values {list}");
            let mut log = query(&sql);
            for id in &ids {
                log = log
                    .bind(uuid::Uuid::now_v7().to_string())
                    .bind(job)
                    .bind(*id)
                    .bind(step as i64);
                log = log.bind("practice-url").bind("2026-01-01T00:00:00.000+00:00");
            }
            log.execute(&mut *tx).await.unwrap();
            tx.commit().await.unwrap();
        }
    }
    practices as f64 / started.elapsed().as_secs_f64()
}

/// As long as what a step run's end leaves in the journal.
const DETAILS: &str = r#"{"workflow_id":"0199f0d2-0000-7000-8000-000000000000","workflow_slug":"practice-scrape","play":"practice-enrichment","life":1,"domain":"practice-12345.co.nz"}"#;

fn query(sql: &str) -> Query<'_, Sqlite, sea_orm::sqlx::sqlite::SqliteArguments> {
    sea_orm::sqlx::query(AssertSqlSafe(sql))
}
