//! Row-level security: PostgreSQL keeps organisations apart, whatever a query forgets.

use std::time::{Duration, Instant};

use batchdesk::store::identity::{NewUser, add_token, add_user};
use batchdesk::store::read::{Access, Reader, Role, Scope, token_grant};
use batchdesk::store::row_security::{RowSecurity, make_role, row_security};
use batchdesk::store::{Database, Hq};
use entity::Id;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use crate::bench::Bench;
use crate::support::postgres::{TestDatabase, create_database, require_or_skip};

const GROUP: &str = "row-level security on PostgreSQL";

fn sql(text: &str) -> Statement {
    Statement::from_string(DbBackend::Postgres, text)
}

async fn texts(connection: &impl ConnectionTrait, text: &str) -> Vec<String> {
    let rows = connection.query_all_raw(sql(text)).await.unwrap();
    rows.iter().map(|row| row.try_get_by(0).unwrap()).collect()
}

/// A database whose readers are one connection, with the role.
async fn bench() -> Option<(TestDatabase, Bench)> {
    if !require_or_skip(GROUP) {
        return None;
    }
    let database = create_database();
    let bench = Bench::new(&database.url, "readers = 1").await;
    assert_eq!(make_role(&bench.database.writer).await.unwrap(), RowSecurity::Active);
    Some((database, bench))
}

async fn scope_of(database: &Database, organisation: &str, role: Role) -> Scope {
    let email = format!("{role}@{organisation}.test");
    let user = NewUser {
        email: email.clone(),
        role,
        organisation: organisation.to_owned(),
        password_hash: None,
    };
    add_user(&database.writer, &user).await.unwrap();
    add_token(&database.writer, &email, "test", &email).await.unwrap();
    let grant = token_grant(&database.readers, &email).await.unwrap().unwrap();
    grant.scope(false)
}

/// The tables that say whose their rows are.
async fn tables(hq: &Hq) -> Vec<String> {
    texts(
        hq,
        "select table_name::text from information_schema.columns where column_name = 'organisation_id' \
         and table_schema = current_schema() order by 1",
    )
    .await
}

#[tokio::test]
async fn every_table_that_names_an_organisation_has_a_policy() {
    let Some((_database, bench)) = bench().await else {
        return;
    };
    let guarded = texts(
        &bench.database.writer,
        "select c.relname::text from pg_class c join pg_policy p on p.polrelid = c.oid where c.relrowsecurity \
         and c.relnamespace = current_schema()::regnamespace",
    )
    .await;
    let mut naming = tables(&bench.database.writer).await;
    assert!(naming.len() > 20, "{naming:?}");
    naming.retain(|table| !guarded.contains(table));
    assert!(
        naming.is_empty(),
        "a migration that makes a table with an organisation_id runs `row_security::guard` on it: {naming:?}"
    );
}

/// Rows of both organisations in each table that names one, as far as a row can be made of its id and organisation alone.
async fn fill(writer: &Hq, organisations: [Id; 2]) {
    for organisation in organisations {
        for (table, columns, values) in [
            (
                "companies",
                "domain, data, created_at, updated_at",
                "'a.example', '{}', now(), now()",
            ),
            (
                "exclusions",
                "key, identifier, created_at",
                "'a.example', 'a.example', now()",
            ),
            (
                "leads",
                "name, name_key, created_at, updated_at",
                "'A', 'a', now(), now()",
            ),
            (
                "restaurants",
                "name, name_key, created_at, updated_at",
                "'A', 'a', now(), now()",
            ),
            (
                "audit_log",
                "request, actor, source, action, object, outcome, created_at",
                "gen_random_uuid(), 'a', 'a', 'a', 'a', 'done', now()",
            ),
        ] {
            let insert = format!(
                "insert into {table} (id, organisation_id, {columns}) values (gen_random_uuid(), '{organisation}', {values})"
            );
            writer.execute_unprepared(&insert).await.unwrap();
        }
    }
    let nobodys = "insert into audit_log (id, request, actor, source, action, object, outcome, created_at) \
        values (gen_random_uuid(), gen_random_uuid(), 'a', 'a', 'a', 'a', 'done', now())";
    writer.execute_unprepared(nobodys).await.unwrap();
}

#[tokio::test]
async fn a_query_that_forgets_its_organisation_sees_no_other_one() {
    let Some((_database, bench)) = bench().await else {
        return;
    };
    let ours = scope_of(&bench.database, "ours", Role::Admin).await;
    let theirs = scope_of(&bench.database, "theirs", Role::Admin).await;
    fill(&bench.database.writer, [ours.organisation_id, theirs.organisation_id]).await;
    let reader = Reader::new(bench.database.readers.clone());
    for scope in [&ours, &theirs, &ours] {
        let seen = reader.seen_by(scope);
        for table in tables(&bench.database.writer).await {
            let all = format!("select distinct coalesce(organisation_id::text, 'shared') from {table}");
            let mut found = texts(&seen, &all).await;
            if table == "db_driven_enrichment_workflows" {
                found.retain(|organisation| organisation != "shared");
            }
            let own = scope.organisation_id.to_string();
            assert!(
                found.iter().all(|organisation| *organisation == own),
                "{table}: {found:?}"
            );
            if [
                "users",
                "api_tokens",
                "companies",
                "exclusions",
                "leads",
                "restaurants",
                "audit_log",
            ]
            .contains(&table.as_str())
            {
                assert_eq!(found, [own], "{table}");
            }
        }
        let own = texts(&seen, "select id::text from organisations").await;
        assert_eq!(own, [scope.organisation_id.to_string()]);
    }
    // What is not guarded is not read for people at all.
    for table in ["one_time_links", "known_devices", "callback_tokens", "writer_state"] {
        let refused = reader
            .seen_by(&ours)
            .query_all_raw(sql(&format!("select * from {table}")))
            .await;
        assert!(
            refused.unwrap_err().to_string().contains("permission denied"),
            "{table}"
        );
    }
    // Nor is anything written.
    let refused = reader.seen_by(&ours).execute_unprepared("delete from companies").await;
    refused.unwrap_err();
    // Actors see all of it, over the same connection.
    assert_eq!(
        texts(&bench.database.readers, "select id::text from companies")
            .await
            .len(),
        2
    );
}

#[tokio::test]
async fn anothers_row_is_told_from_none() {
    let Some((_database, bench)) = bench().await else {
        return;
    };
    let ours = scope_of(&bench.database, "ours", Role::Admin).await;
    let theirs = scope_of(&bench.database, "theirs", Role::Admin).await;
    let operator = scope_of(&bench.database, "house", Role::Operator).await;
    let reader = Reader::new(bench.database.readers.clone());
    let user = |scope: &Scope| scope.user_id;
    assert!(matches!(
        reader.user(&ours, user(&ours)).await.unwrap(),
        Access::Granted(_)
    ));
    assert_eq!(forbidden(reader.user(&ours, user(&theirs)).await), Some(true));
    assert_eq!(forbidden(reader.user(&ours, Id::now()).await), Some(false));
    assert!(matches!(
        reader.user(&operator, user(&theirs)).await.unwrap(),
        Access::Granted(_)
    ));
    let organisation = theirs.organisation_id;
    assert_eq!(forbidden(reader.organisation(&ours, organisation).await), Some(true));
    assert_eq!(forbidden(reader.organisation(&ours, Id::now()).await), Some(false));
    // The function tells of guarded tables alone, and only an owner.
    let of = |table: &str| format!("select batchdesk_owner('{table}', '{}')::text", user(&theirs));
    assert_eq!(
        texts(&reader.seen_by(&ours), &of("users")).await,
        [organisation.to_string()]
    );
    let known = format!("select coalesce(batchdesk_owner('pg_authid', '{organisation}')::text, 'nothing')");
    assert_eq!(texts(&reader.seen_by(&ours), &known).await, ["nothing"]);
}

fn forbidden<T>(access: Result<Access<T>, DbErr>) -> Option<bool> {
    match access.unwrap() {
        Access::Granted(_) => None,
        Access::Forbidden => Some(true),
        Access::Missing => Some(false),
    }
}

/// Who the next user of the readers' one connection is, and for whom it reads.
async fn left_behind(readers: &Hq) -> Vec<String> {
    texts(
        readers,
        "select current_user || ' ' || coalesce(current_setting('batchdesk.organisation', true), '')",
    )
    .await
}

#[tokio::test]
async fn nothing_is_left_on_the_connection() {
    let Some((_database, bench)) = bench().await else {
        return;
    };
    let scope = scope_of(&bench.database, "ours", Role::Member).await;
    let readers = &bench.database.readers;
    let reader = Reader::new(readers.clone());
    let connection = texts(readers, "select pg_backend_pid()::text").await;
    let as_role = texts(&reader.seen_by(&scope), "select current_user::text").await;
    assert_eq!(as_role, ["batchdesk_reader"]);
    assert_eq!(left_behind(readers).await, ["postgres "], "after an answer");

    reader
        .seen_by(&scope)
        .query_one_raw(sql("select 1 / 0"))
        .await
        .unwrap_err();
    assert_eq!(left_behind(readers).await, ["postgres "], "after an error");

    let long = "select pg_sleep(60)";
    let asking = tokio::spawn({
        let (reader, scope) = (reader.clone(), scope.clone());
        async move { reader.seen_by(&scope).query_one_raw(sql(long)).await.map(drop) }
    });
    let running = format!("select pid::text from pg_stat_activity where query = '{long}' and state = 'active'");
    let deadline = Instant::now() + Duration::from_secs(30);
    while texts(&bench.database.writer, &running).await != connection {
        assert!(Instant::now() < deadline, "the query did not begin on {connection:?}");
        tokio::task::yield_now().await;
    }
    asking.abort();
    asking.await.unwrap_err();
    let cancel = format!("select pg_cancel_backend({})::text", connection[0]);
    texts(&bench.database.writer, &cancel).await;
    assert_eq!(
        left_behind(readers).await,
        ["postgres "],
        "after a request that was given up"
    );
}

#[tokio::test]
async fn a_user_who_may_make_no_role_is_told_of_it() {
    let Some((_database, bench)) = bench().await else {
        return;
    };
    let writer = &bench.database.writer;
    let name = format!("plain_{}", Id::now().0.simple());
    writer
        .execute_unprepared(&format!(
            "create role {name} login nocreaterole; grant {name} to current_user"
        ))
        .await
        .unwrap();
    writer.execute_unprepared(&format!("set role {name}")).await.unwrap();
    let told = make_role(writer).await.unwrap();
    let expected = format!("{name} is not a member of the role batchdesk_reader");
    assert_eq!(told, RowSecurity::Absent(expected));
    writer.execute_unprepared("reset role").await.unwrap();
    // What docs/security.md tells the operator to do.
    writer
        .execute_unprepared(&format!("grant batchdesk_reader to {name}; set role {name}"))
        .await
        .unwrap();
    assert_eq!(row_security(writer).await.unwrap(), RowSecurity::Active);
    let gone = format!("reset role; revoke batchdesk_reader from {name}; drop role {name}");
    writer.execute_unprepared(&gone).await.unwrap();
}
