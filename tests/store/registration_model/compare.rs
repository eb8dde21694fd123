//! What the database holds, beside what the reference model says.

use batchdesk::store::Database;
use entity::{Id, batch_operation_logs, registration_batch_jobs, registration_job_steps, registration_jobs};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use serde_json::{Value, json};

use super::reference::World;
use super::rows::{Job, Line};

/// All rows of some batches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    pub batches: Vec<registration_batch_jobs::Model>,
    pub jobs: Vec<registration_jobs::Model>,
    pub steps: Vec<registration_job_steps::Model>,
}

impl Rows {
    pub async fn read(database: &Database, batches: &[Id]) -> Self {
        use {registration_batch_jobs as b, registration_job_steps as s, registration_jobs as j};
        let hq = &database.writer;
        let of_batches = b::Entity::find().filter(b::Column::Id.is_in(batches.to_vec()));
        let jobs = j::Entity::find()
            .filter(j::Column::BatchJobId.is_in(batches.to_vec()))
            .order_by_asc(j::Column::Position);
        let jobs = jobs.all(hq).await.unwrap();
        let steps = s::Entity::find()
            .filter(s::Column::RegistrationJobId.is_in(jobs.iter().map(|job| job.id)))
            .order_by_asc(s::Column::StepNumber);
        Self {
            batches: of_batches.order_by_asc(b::Column::Id).all(hq).await.unwrap(),
            steps: steps.order_by_asc(s::Column::Id).all(hq).await.unwrap(),
            jobs,
        }
    }

    pub fn batch(&self, id: Id) -> &registration_batch_jobs::Model {
        self.batches.iter().find(|batch| batch.id == id).unwrap()
    }

    pub fn job(&self, id: Id) -> &registration_jobs::Model {
        self.jobs.iter().find(|job| job.id == id).unwrap()
    }

    /// The jobs of a batch, in their order.
    pub fn of(&self, batch: Id) -> impl Iterator<Item = &registration_jobs::Model> {
        self.jobs.iter().filter(move |job| job.batch_job_id == batch)
    }

    pub fn assert_agree(&self, world: &World, restaurants: &[Id]) {
        for (n, batch) in world.batches.iter().enumerate() {
            let row = self.batch(batch.id);
            let counts = ["completed", "failed", "cancelled", "action_required"].map(|status| world.count(n, status));
            let held = json!({
                "status": row.status, "total": row.total_restaurants, "counts": [row.completed_restaurants,
                row.failed_restaurants, row.cancelled_restaurants, row.waiting_restaurants],
                "threshold": [row.threshold_reached, row.threshold_acknowledged],
                "archived": row.archived_at.is_some(), "retry_of": row.retry_of,
                "ended": row.completed_at.is_some() || row.cancelled_at.is_some(),
            });
            let said = json!({
                "status": batch.status, "total": batch.total, "counts": counts,
                "threshold": [batch.reached, batch.acknowledged],
                "archived": batch.archived, "retry_of": batch.retry_of, "ended": super::tables::has_ended(batch.status),
            });
            assert_eq!(held, said, "batch {n}");
        }
        assert_eq!(self.jobs.len(), world.jobs.len());
        for (n, job) in world.jobs.iter().enumerate() {
            let (held, said) = (self.held(job.id), said(job, world, restaurants));
            assert_eq!(held, said, "registration {n}");
        }
    }

    fn held(&self, id: Id) -> Value {
        let row = self.job(id);
        let steps = self.steps.iter().filter(|step| step.registration_job_id == id);
        let steps: Vec<Value> = steps
            .map(|step| {
                let parts = step.sub_step_progress.as_ref().and_then(Value::as_array);
                let part = |part: &Value| json!([part["sub_step"], part["status"], part["outcome_unknown"] == true]);
                let parts = parts.map(|parts| parts.iter().map(part).collect::<Vec<_>>());
                json!([step.step_number, step.status, step.answer, parts])
            })
            .collect();
        json!({
            "batch": row.batch_job_id, "restaurant": row.restaurant_id, "status": row.status, "open": row.is_open,
            "current": row.current_step, "call_open": row.call_open, "crashes": row.crashes,
            "source": row.source_job_id, "steps": steps,
        })
    }
}

fn said(job: &Job, world: &World, restaurants: &[Id]) -> Value {
    let steps: Vec<Value> = (1..)
        .zip(&job.steps)
        .map(|(number, step)| {
            let parts = step.parts.as_ref().map(|parts| {
                let parts = parts.iter();
                parts
                    .map(|part| json!([part.name, part.status, part.unknown]))
                    .collect::<Vec<_>>()
            });
            json!([number, step.status, step.answer, parts])
        })
        .collect();
    json!({
        "batch": world.batches[job.batch].id, "restaurant": restaurants[job.restaurant], "status": job.status,
        "open": job.open, "current": job.current + 1, "call_open": job.call_open, "crashes": job.crashes,
        "source": job.source, "steps": steps,
    })
}

/// What was journalled after `head`.
pub async fn journalled(database: &Database, head: i64) -> Vec<Line> {
    let rows = batch_operation_logs::Entity::find()
        .filter(batch_operation_logs::Column::Seq.gt(head))
        .order_by_asc(batch_operation_logs::Column::Seq);
    let rows = rows.all(&database.writer).await.unwrap();
    for (seq, row) in (head + 1..).zip(&rows) {
        assert_eq!(row.seq, seq);
    }
    let line = |row: batch_operation_logs::Model| Line {
        batch: row.batch_job_id,
        job: row.registration_job_id,
        step: row.step,
        operation: row.operation,
        from: row.from_state,
        to: row.to_state,
    };
    rows.into_iter().map(line).collect()
}
