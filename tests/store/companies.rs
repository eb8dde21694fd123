//! Companies that come, and that go while something is written about them.

use batchdesk::model::journal::Origin;
use batchdesk::store::write::{
    AppendLogs, CompanyWrite, Completion, DeleteCompany, ImportRow, LogRow, Transitioned, UpsertCompanies,
};
use chrono::{DateTime, Utc};
use entity::{Id, company_play_step_completions};
use sea_orm::EntityTrait as _;
use serde_json::json;

use crate::bench::{Bench, row};

fn company(domain: &str, name: Option<&str>) -> CompanyWrite {
    CompanyWrite {
        domain: domain.to_owned(),
        name: name.map(str::to_owned),
        data: None,
    }
}

async fn upsert(bench: &mut Bench, companies: Vec<CompanyWrite>) -> batchdesk::store::write::Upserted {
    let organisation_id = bench.organisation_id;
    let command = UpsertCompanies {
        organisation_id,
        companies,
        origin: Origin::engine(),
        key: None,
    };
    bench.write(command).await.unwrap()
}

fn log(bench: &Bench, job_id: Id, practice_id: i64, company_id: Id) -> LogRow {
    LogRow {
        step_run_id: Id::now(),
        organisation_id: bench.organisation_id,
        workflow_id: Id::now(),
        workflow_slug: "slug".to_owned(),
        company_id: Some(company_id),
        company_domain: None,
        play_name: "play".to_owned(),
        step_number: 1,
        status: "completed",
        result_table: None,
        batch_id: job_id,
        practice_id,
        life: 1,
        attempts: 1,
        error_message: None,
        cost: None,
        warnings: Vec::new(),
        at: DateTime::<Utc>::UNIX_EPOCH,
    }
}

pub async fn a_company_may_be_gone_before_its_logs_and_rows_are_written(mut bench: Bench) {
    let made = upsert(&mut bench, vec![company("stays.nz", None), company("goes.nz", None)]).await;
    let (stays, goes) = (made.companies[0].id, made.companies[1].id);
    let delete = DeleteCompany {
        id: goes,
        organisation_id: bench.organisation_id,
        origin: Origin::engine(),
    };
    assert!(bench.write(delete.clone()).await.unwrap());
    assert!(!bench.write(delete).await.unwrap());

    let of = |company_id: Id, n: i64, key: &str| ImportRow {
        company_id: Some(company_id),
        ..row(n, key)
    };
    let job_id = bench
        .import(vec![of(goes, 1, "goes.nz"), of(stays, 2, "stays.nz")])
        .await;
    let practices = bench.practices().await;
    let companies: Vec<Option<Id>> = practices.iter().map(|practice| practice.company_id).collect();
    assert_eq!(companies, [None, Some(stays)]);

    // One that is gone, and one that two practices have done the same step for.
    let rows = vec![
        log(&bench, job_id, 1, goes),
        log(&bench, job_id, 2, stays),
        log(&bench, job_id, 3, stays),
    ];
    let last = rows[2].step_run_id;
    let completions = rows.iter().enumerate().map(|(log, row)| Completion {
        company_id: row.company_id.unwrap(),
        log,
    });
    let chunk = AppendLogs {
        completions: completions.collect(),
        rows,
        failures: Vec::new(),
        cursor_from: 0,
        cursor_to: 1,
    };
    assert_eq!(bench.write(chunk).await.unwrap(), Transitioned::Committed { seq: 1 });
    let found = company_play_step_completions::Entity::find()
        .all(&bench.database.writer)
        .await
        .unwrap();
    let found: Vec<(Id, Id)> = found.iter().map(|row| (row.company_id, row.step_run_id)).collect();
    assert_eq!(found, [(stays, last)]);
    assert_eq!(bench.number("select count(*) from enrichment_results_log").await, 3);
}

pub async fn the_later_of_two_with_one_domain_is_written_over_the_earlier(mut bench: Bench) {
    let first = upsert(
        &mut bench,
        vec![
            company("a.nz", Some("A")),
            company("b.nz", Some("B")),
            company("a.nz", None),
            company("a.nz", Some("AA")),
        ],
    )
    .await;
    assert_eq!((first.created, first.updated, first.unchanged), (2, 1, 1));
    let names: Vec<Option<&str>> = first.companies.iter().map(|company| company.name.as_deref()).collect();
    assert_eq!(names, [Some("AA"), Some("B")]);
    let mut changed = company("b.nz", None);
    changed.data = Some(json!({ "n": 1 }));
    let second = upsert(&mut bench, vec![company("a.nz", Some("AA")), changed]).await;
    assert_eq!((second.created, second.updated, second.unchanged), (0, 1, 1));
    assert_eq!(second.companies[1].name.as_deref(), Some("B"), "what is absent stays");
    assert_eq!(bench.number("select count(*) from companies").await, 2);
}
