//! Lists that were sent for a preview. Their rows are in a file of the name of the id; here is what is known of them.

use chrono::{DateTime, Utc};
use entity::Id;
use sea_orm::DbErr;

use super::group::Group;
use super::idempotency::KeyAnswer;
use crate::store::rows::in_list;

/// Notes a list that is kept for a while.
#[derive(Clone, Debug)]
pub struct KeepPreview {
    pub id: Id,
    pub organisation_id: Id,
    pub user_id: Id,
    pub filename: String,
    /// What the file that was sent had been, before its rows were written out as text.
    pub source: serde_json::Value,
    pub expires_at: DateTime<Utc>,
    pub answer: Option<KeyAnswer>,
}

impl KeepPreview {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<(), DbErr> {
        const SQL: &str = "insert into imports (id, organisation_id, user_id, filename, source, created_at, \
            expires_at) values (?,?,?,?,?,?,?)";
        group
            .execute(
                SQL,
                [
                    self.id.into(),
                    self.organisation_id.into(),
                    self.user_id.into(),
                    self.filename.clone().into(),
                    self.source.clone().into(),
                    group.now.into(),
                    self.expires_at.into(),
                ],
            )
            .await?;
        match &self.answer {
            Some(answer) => answer.write(group).await,
            None => Ok(()),
        }
    }
}

/// Forgets up to 1,000 lists. Their files are the sender's to delete, after this.
#[derive(Clone, Debug)]
pub struct ForgetPreviews {
    pub ids: Vec<Id>,
}

impl ForgetPreviews {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<(), DbErr> {
        if self.ids.is_empty() {
            return Ok(());
        }
        let (list, values) = in_list(&self.ids);
        group
            .execute(&format!("delete from imports where id in ({list})"), values)
            .await?;
        Ok(())
    }
}
