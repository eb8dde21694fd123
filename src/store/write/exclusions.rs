//! The websites that an organisation never contacts.

use std::collections::HashMap;

use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, TryGetable};

use super::audit;
use super::group::Group;
use super::idempotency::KeyAnswer;
use crate::model::journal::Origin;
use crate::store::rows::{Rows, in_list, statement};

/// How the audit log names the list.
const LIST: &str = "exclusions";

/// A website, and how whoever excluded it wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclusion {
    /// The dedupe key of a page, or a host, which stands for all pages on it.
    pub key: String,
    pub identifier: String,
}

/// Adds up to 1,000 websites to an organisation's list. Answered with how many were not on it before.
#[derive(Clone, Debug)]
pub struct Exclude {
    pub organisation_id: Id,
    pub user_id: Id,
    pub exclusions: Vec<Exclusion>,
    pub reason: Option<String>,
    /// Where this ends a request that carried a key.
    pub answer: Option<KeyAnswer>,
    pub origin: Origin,
}

impl Exclude {
    pub(super) fn bytes(&self) -> usize {
        let reason = self.reason.as_ref().map_or(0, String::len);
        let one = |exclusion: &Exclusion| exclusion.key.len() + exclusion.identifier.len() + reason + 128;
        self.exclusions.iter().map(one).sum()
    }

    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<u64, DbErr> {
        let mut rows = Rows::new(7, self.exclusions.len());
        for exclusion in &self.exclusions {
            rows.push([
                Id::now().into(),
                self.organisation_id.into(),
                exclusion.key.clone().into(),
                exclusion.identifier.clone().into(),
                self.reason.clone().into(),
                self.user_id.into(),
                group.now.into(),
            ]);
        }
        let statements = rows.statements(group.backend, |list| {
            format!(
                "insert into exclusions (id, organisation_id, key, identifier, reason, created_by, created_at) \
                 values {list} on conflict (organisation_id, key) do nothing"
            )
        });
        let mut added = 0;
        for statement in statements {
            added += group.tx.execute_raw(statement).await?.rows_affected();
        }
        audit::note(group, &self.origin, LIST.to_owned()).await?;
        if let Some(answer) = &self.answer {
            answer.write(group).await?;
        }
        Ok(added)
    }
}

/// Takes up to 1,000 websites off an organisation's list. Answered with how many were on it.
#[derive(Clone, Debug)]
pub struct Readmit {
    pub organisation_id: Id,
    pub ids: Vec<Id>,
    pub keys: Vec<String>,
    pub origin: Origin,
}

impl Readmit {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<u64, DbErr> {
        let mut removed = 0;
        if !self.ids.is_empty() {
            let (list, ids) = in_list(&self.ids);
            let sql = format!("delete from exclusions where organisation_id = ? and id in ({list})");
            let values = std::iter::once(self.organisation_id.into()).chain(ids);
            removed += group.execute(&sql, values).await?;
        }
        if !self.keys.is_empty() {
            let (list, keys) = in_list(&self.keys);
            let sql = format!("delete from exclusions where organisation_id = ? and key in ({list})");
            let values = std::iter::once(self.organisation_id.into()).chain(keys);
            removed += group.execute(&sql, values).await?;
        }
        if removed > 0 {
            audit::note(group, &self.origin, LIST.to_owned()).await?;
        }
        Ok(removed)
    }
}

/// Those of `keys` that are on the organisation's list, each with the reason that was given.
pub(super) async fn among(
    group: &Group<'_>,
    organisation_id: Id,
    keys: &[&str],
) -> Result<HashMap<String, Option<String>>, DbErr> {
    const ANY: &str = "select 1 from exclusions where organisation_id = ? limit 1";
    let any = statement(group.backend, ANY, [organisation_id.into()]);
    if keys.is_empty() || group.tx.query_one_raw(any).await?.is_none() {
        return Ok(HashMap::new());
    }
    let (list, values) = in_list(keys);
    let sql = format!("select key, reason from exclusions where organisation_id = ? and key in ({list})");
    let values = std::iter::once(organisation_id.into()).chain(values);
    let rows = group.tx.query_all_raw(statement(group.backend, &sql, values)).await?;
    rows.iter()
        .map(|row| Ok((String::try_get_by(row, 0)?, Option::<String>::try_get_by(row, 1)?)))
        .collect()
}
