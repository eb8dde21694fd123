//! The audit log: what was done, in the transaction that does it; what was refused, afterwards.

use entity::Id;
use sea_orm::{ConnectionTrait, DbErr};

use super::group::Group;
use super::{Answer, Changed, Command, Redone};
use crate::model::audit::AuditRecord;
use crate::model::journal::Origin;
use crate::store::rows::{statement, uuid};

/// Keeps a request whose command did not keep it itself: one that was refused, or has no origin.
#[derive(Clone, Debug)]
pub struct AppendAudit {
    pub record: AuditRecord,
    /// More of it, as JSON. Never a secret.
    pub details: serde_json::Value,
}

impl AppendAudit {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<(), DbErr> {
        const KNOWN: &str = "select 1 from audit_log where request = ? limit 1";
        let known = statement(group.backend, KNOWN, [self.record.request.into()]);
        if group.tx.query_one_raw(known).await?.is_none() {
            insert(group, &self.record, self.details.clone()).await?;
        }
        Ok(())
    }
}

/// Writes the row of a change that somebody outside asked for.
pub(super) async fn note(group: &Group<'_>, origin: &Origin, object: String) -> Result<(), DbErr> {
    match &origin.audit {
        Some(record) => insert(group, &record.about(object), serde_json::json!({})).await,
        None => Ok(()),
    }
}

/// Writes the row of a command that carries an origin and was carried out.
pub(super) async fn note_command(group: &Group<'_>, command: &Command, answer: &Answer) -> Result<(), DbErr> {
    let (origin, job_id) = match (command, answer) {
        (Command::ChangeJob(change), Answer::ChangeJob(Changed::Accepted(_))) => (&change.origin, change.job_id),
        (Command::RedoJob(redo), Answer::RedoJob(Redone::Accepted { .. })) => (&redo.origin, redo.job_id),
        (Command::FinishImport(import), Answer::FinishImport(())) => (&import.origin, import.job_id),
        _ => return Ok(()),
    };
    note(group, origin, format!("job {job_id}")).await
}

async fn insert(group: &Group<'_>, record: &AuditRecord, details: serde_json::Value) -> Result<(), DbErr> {
    let (organisation, user) = (uuid(group.backend, "?"), uuid(group.backend, "?"));
    let sql = format!(
        "insert into audit_log (id, request, organisation_id, user_id, actor, source, action, object, outcome, details, \
         created_at) values (?,?,{organisation},{user},?,?,?,?,?,?,?) on conflict (request, object) do nothing"
    );
    let values = [
        Id::now().into(),
        record.request.into(),
        record.organisation_id.into(),
        record.user_id.into(),
        record.actor.clone().into(),
        record.source.clone().into(),
        record.action.clone().into(),
        record.object.clone().into(),
        record.outcome.clone().into(),
        details.into(),
        group.now.into(),
    ];
    group.execute(&sql, values).await?;
    Ok(())
}
