//! A database of its own with a writer, and commands for it.

use std::sync::Arc;

use batchdesk::model::batch::JobEvent;
use batchdesk::model::crash::LastEnd;
use batchdesk::model::journal::{Operation, Origin};
use batchdesk::model::play::Selection;
use batchdesk::model::practice::PracticeStatus;
use batchdesk::settings::Settings;
use batchdesk::store::Database;
use batchdesk::store::identity::{NewUser, add_user};
use batchdesk::store::read::Role;
use batchdesk::store::write::{
    BeginImport, ChangeJob, FinishImport, ImportRow, ImportRows, ItemRef, ItemTransition, Payload, PayloadColumn,
    RowKeys, WriteCommand, WriteError, Writer,
};
use entity::{Id, enrichment_jobs, job_practices};
use migration::{Migrator, MigratorTrait as _};
use sea_orm::{ConnectionTrait as _, EntityTrait as _, QueryOrder as _, Statement};
use tempfile::TempDir;

/// A database with a writer and a user.
pub struct Bench {
    pub database: Database,
    pub writer: Writer,
    pub organisation_id: Id,
    pub user_id: Id,
    _directory: TempDir,
}

pub fn quiet(_: Result<(), &sea_orm::DbErr>) {}

impl Bench {
    pub async fn sqlite(extra: &str) -> Self {
        Self::new("sqlite://{data_dir}/batchdesk.db?mode=rwc", extra).await
    }

    pub async fn new(url: &str, extra: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let text = format!("data_dir = {:?}\n[database]\nurl = {url:?}\n{extra}", directory.path());
        let settings = Settings::from_text(&text).unwrap();
        let database = Database::open(&settings).await.unwrap();
        Migrator::up(database.writer.raw(), None).await.unwrap();
        let user = NewUser {
            email: "a@example.test".to_owned(),
            role: Role::Member,
            organisation: "A".to_owned(),
            password_hash: None,
        };
        let user_id = add_user(&database.writer, &user).await.unwrap();
        let organisation = entity::organisations::Entity::find()
            .one(&database.writer)
            .await
            .unwrap()
            .unwrap();
        let writer = Writer::take_over(database.writer.clone(), LastEnd::Clean)
            .await
            .unwrap();
        Self {
            organisation_id: organisation.id,
            user_id,
            writer,
            database,
            _directory: directory,
        }
    }

    pub async fn write<C: WriteCommand>(&mut self, command: C) -> Result<C::Answer, WriteError> {
        let answer = self
            .writer
            .commit(vec![command.into_command()], &quiet)
            .await
            .pop()
            .unwrap()?;
        Ok(C::read_answer(answer).unwrap())
    }

    pub fn begin(&self, job_id: Id) -> BeginImport {
        BeginImport {
            job_id,
            organisation_id: self.organisation_id,
            user_id: self.user_id,
            original_filename: "list.csv".to_owned(),
            name: None,
            play_name: "practice-enrichment".to_owned(),
            url_column: "website".to_owned(),
            headers: vec!["website".to_owned()],
            settings: serde_json::json!({}),
            selection: Selection::default(),
        }
    }

    pub async fn import(&mut self, rows: Vec<ImportRow>) -> Id {
        let job_id = Id::now();
        self.write(self.begin(job_id)).await.unwrap();
        for chunk in rows.chunks(1_000) {
            let organisation_id = self.organisation_id;
            self.write(ImportRows {
                job_id,
                organisation_id,
                rows: chunk.to_vec(),
            })
            .await
            .unwrap();
        }
        let finish = FinishImport {
            job_id,
            organisation_id: self.organisation_id,
            user_id: self.user_id,
            original_filename: "list.csv".to_owned(),
            blank_rows: 0,
            meta: serde_json::json!({}),
            origin: Origin::engine(),
            answer: None,
        };
        self.write(finish).await.unwrap();
        job_id
    }

    pub async fn job(&self, id: Id) -> enrichment_jobs::Model {
        enrichment_jobs::Entity::find_by_id(id)
            .one(&self.database.writer)
            .await
            .unwrap()
            .unwrap()
    }

    pub async fn practices(&self) -> Vec<job_practices::Model> {
        let query = job_practices::Entity::find().order_by_asc(job_practices::Column::Id);
        query.all(&self.database.writer).await.unwrap()
    }

    pub fn change(job_id: Id, event: JobEvent) -> ChangeJob {
        ChangeJob {
            job_id,
            event,
            origin: Origin::engine(),
            reason: None,
        }
    }

    pub async fn number(&self, sql: &str) -> i64 {
        let statement = Statement::from_string(self.database.writer.get_database_backend(), sql);
        let row = self.database.writer.query_one_raw(statement).await.unwrap().unwrap();
        row.try_get_by::<i64, _>(0).unwrap()
    }
}

pub fn row(n: i64, key: &str) -> ImportRow {
    ImportRow {
        company_id: None,
        row_number: n,
        identifier: key.to_owned(),
        input: serde_json::json!([key]).to_string(),
        keys: Ok(RowKeys {
            dedupe_key: key.to_owned(),
            host_key: key.to_owned(),
            domain: key.to_owned(),
        }),
    }
}

pub fn distinct(rows: i64) -> Vec<ImportRow> {
    (1..=rows).map(|n| row(n, &format!("p{n}.nz"))).collect()
}

pub fn transition(job: &enrichment_jobs::Model, practice: &job_practices::Model, to: PracticeStatus) -> ItemTransition {
    ItemTransition {
        flow: None,
        row: None,
        step_run: None,
        item: ItemRef {
            organisation_id: job.organisation_id,
            job_id: job.id,
            id: practice.id,
            version: practice.version,
            epoch: job.epoch,
        },
        from: practice.status.parse().unwrap(),
        to,
        step_number: practice.step_number + 1,
        attempt: 0,
        next_at: None,
        blocked_by: None,
        error: None,
        payload: Some(Payload {
            column: PayloadColumn::Url,
            json: Arc::from(r#"{"url":"x"}"#),
        }),
        operation: Operation::StepCompleted,
        step: practice.step_number + 1,
        tried: 1,
        details: "{}".to_owned(),
    }
}
