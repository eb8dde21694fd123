//! The rows of an upload, a thousand at a time.

use std::collections::{HashMap, HashSet};

use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, TryGetable};

use super::exclusions;
use super::group::Group;
use crate::model::exclusion::site_key;
use crate::model::practice::PracticeStatus;
use crate::store::rows::{Rows, in_list, json, uuid};

/// One row of an upload.
#[derive(Clone, Debug)]
pub struct ImportRow {
    pub row_number: i64,
    pub identifier: String,
    /// The row's own cells as a JSON array, in the order of the job's headers.
    pub input: String,
    /// The company that the row stands for; an upload's stands for none.
    pub company_id: Option<Id>,
    /// Keys of a usable URL, or why there is none.
    pub keys: Result<RowKeys, String>,
}

/// What the identifier of a usable row gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowKeys {
    pub dedupe_key: String,
    pub host_key: String,
    pub domain: String,
}

impl ImportRow {
    pub(super) fn bytes(&self) -> usize {
        self.identifier.len() + self.input.len() + 128
    }
}

/// Adds up to 1,000 rows, in the order of the file. Answered with what became of them.
#[derive(Clone, Debug)]
pub struct ImportRows {
    pub job_id: Id,
    pub organisation_id: Id,
    pub rows: Vec<ImportRow>,
}

/// What became of imported rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Intake {
    pub rows: u64,
    pub duplicates: u64,
    /// On the organisation's exclusion list.
    pub excluded: u64,
    pub invalid: u64,
}

impl std::ops::AddAssign for Intake {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.duplicates += other.duplicates;
        self.excluded += other.excluded;
        self.invalid += other.invalid;
    }
}

/// What becomes of a row.
enum Place<'a> {
    /// The first row of its website in this job.
    Leads(&'a RowKeys),
    /// It takes the outcome of the practice with this id.
    Repeats(&'a RowKeys, i64),
    /// It is never contacted, for this reason.
    Excluded(&'a RowKeys, Option<String>),
    /// It names no website, for this reason.
    Invalid(&'a str),
}

impl Place<'_> {
    fn keys(&self) -> Option<&RowKeys> {
        match self {
            Self::Leads(keys) | Self::Repeats(keys, _) | Self::Excluded(keys, _) => Some(keys),
            Self::Invalid(_) => None,
        }
    }

    fn leader(&self) -> Option<i64> {
        match self {
            Self::Repeats(_, leader) => Some(*leader),
            _ => None,
        }
    }

    fn status(&self) -> PracticeStatus {
        match self {
            Self::Leads(_) | Self::Repeats(..) => PracticeStatus::Pending,
            Self::Excluded(..) => PracticeStatus::Excluded,
            Self::Invalid(_) => PracticeStatus::Error,
        }
    }

    fn error(&self) -> Option<String> {
        match self {
            Self::Leads(_) | Self::Repeats(..) => None,
            Self::Excluded(_, None) => Some("The website is on the exclusion list.".to_owned()),
            Self::Excluded(_, Some(reason)) => Some(format!("The website is on the exclusion list: {reason}")),
            Self::Invalid(refusal) => Some((*refusal).to_owned()),
        }
    }
}

/// A row and where it goes.
struct PlacedRow<'a> {
    id: i64,
    row: &'a ImportRow,
    place: Place<'a>,
}

impl PlacedRow<'_> {
    fn leader(&self) -> Option<i64> {
        self.place.leader()
    }
}

impl Intake {
    fn of(placed: &[PlacedRow<'_>]) -> Self {
        let mut intake = Self {
            rows: placed.len() as u64,
            ..Self::default()
        };
        for PlacedRow { place, .. } in placed {
            match place {
                Place::Leads(_) => {}
                Place::Repeats(..) => intake.duplicates += 1,
                Place::Excluded(..) => intake.excluded += 1,
                Place::Invalid(_) => intake.invalid += 1,
            }
        }
        intake
    }
}

/// Why the website of this key is never contacted; `None` where it may be.
fn covering(excluded: &HashMap<String, Option<String>>, dedupe_key: &str) -> Option<Option<String>> {
    excluded
        .get(dedupe_key)
        .or_else(|| excluded.get(site_key(dedupe_key)))
        .cloned()
}

impl ImportRows {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<Intake, DbErr> {
        let earlier = group.next_practice;
        let placed = self.place(group).await?;
        let followed: Vec<i64> = placed.iter().filter_map(PlacedRow::leader).collect();
        self.insert(group, &placed, &followed).await?;
        let before: Vec<i64> = followed.into_iter().filter(|leader| *leader < earlier).collect();
        mark_leaders(group, before).await?;
        let intake = Intake::of(&placed);
        self.count(group, intake).await?;
        Ok(intake)
    }

    /// Decides what becomes of each row, in the order of the file.
    async fn place(&self, group: &mut Group<'_>) -> Result<Vec<PlacedRow<'_>>, DbErr> {
        let excluded = self.excluded(group).await?;
        let mut leaders = self.known_leaders(group).await?;
        let mut placed = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            let id = group.next_practice;
            group.next_practice += 1;
            let place = match &row.keys {
                Err(refusal) => Place::Invalid(refusal),
                Ok(keys) => match covering(&excluded, &keys.dedupe_key) {
                    Some(reason) => Place::Excluded(keys, reason),
                    None => match leaders.get(keys.dedupe_key.as_str()) {
                        Some(leader) => Place::Repeats(keys, *leader),
                        None => {
                            leaders.insert(&keys.dedupe_key, id);
                            Place::Leads(keys)
                        }
                    },
                },
            };
            placed.push(PlacedRow { id, row, place });
        }
        Ok(placed)
    }

    /// The exclusions that cover any of the rows, each with the reason that was given.
    async fn excluded(&self, group: &Group<'_>) -> Result<HashMap<String, Option<String>>, DbErr> {
        let mut keys: HashSet<&str> = HashSet::new();
        for row_keys in self.rows.iter().filter_map(|row| row.keys.as_ref().ok()) {
            keys.insert(&row_keys.dedupe_key);
            keys.insert(site_key(&row_keys.dedupe_key));
        }
        let keys: Vec<&str> = keys.into_iter().collect();
        exclusions::among(group, self.organisation_id, &keys).await
    }

    async fn count(&self, group: &mut Group<'_>, intake: Intake) -> Result<(), DbErr> {
        const SUMS: &str = "update enrichment_jobs set duplicates = duplicates + ?, invalid = invalid + ? where id = ?";
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        group.count(self.job_id, |counts| {
            counts.add(
                PracticeStatus::Pending,
                signed(intake.rows - intake.invalid - intake.excluded),
            );
            counts.add(PracticeStatus::Error, signed(intake.invalid));
            counts.add(PracticeStatus::Excluded, signed(intake.excluded));
        });
        let narrow = |count: u64| i32::try_from(count).unwrap_or(i32::MAX).into();
        let values = [narrow(intake.duplicates), narrow(intake.invalid), self.job_id.into()];
        group.execute(SUMS, values).await?;
        Ok(())
    }

    /// First rows of earlier chunks that rows of this one repeat.
    async fn known_leaders(&self, group: &Group<'_>) -> Result<HashMap<&str, i64>, DbErr> {
        let keys: Vec<&str> = self
            .rows
            .iter()
            .filter_map(|row| row.keys.as_ref().ok())
            .map(|keys| keys.dedupe_key.as_str())
            .collect();
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let mut rows = Rows::new(2, keys.len());
        for key in &keys {
            rows.push([(*key).into(), self.job_id.into()]);
        }
        // One look-up a key: given the keys as a list, PostgreSQL would rather read the whole job than its index.
        let statements = rows.statements(group.backend, |list| {
            format!(
                "select v.column1, (select p.id from job_practices p where p.job_id = v.column2 \
                 and p.dedupe_key = v.column1 and p.duplicate_of is null and p.status <> 'excluded' limit 1) from (values {list}) as v"
            )
        });
        let mut known = HashMap::new();
        for statement in statements {
            for row in group.tx.query_all_raw(statement).await? {
                if let Some(id) = Option::<i64>::try_get_by(&row, 1)? {
                    known.insert(String::try_get_by(&row, 0)?, id);
                }
            }
        }
        Ok(keys
            .into_iter()
            .filter_map(|key| known.get(key).map(|id| (key, *id)))
            .collect())
    }

    async fn insert(&self, group: &Group<'_>, placed: &[PlacedRow<'_>], followed: &[i64]) -> Result<(), DbErr> {
        let followed: HashSet<i64> = followed.iter().copied().collect();
        let mut rows = Rows::new(16, placed.len());
        for PlacedRow { id, row, place } in placed {
            let keys = place.keys();
            rows.push([
                (*id).into(),
                self.job_id.into(),
                self.organisation_id.into(),
                row.row_number.into(),
                row.identifier.clone().into(),
                row.input.clone().into(),
                place.status().as_str().into(),
                place.error().into(),
                keys.map(|keys| keys.dedupe_key.clone()).into(),
                keys.map(|keys| keys.host_key.clone()).into(),
                keys.map(|keys| keys.domain.clone()).into(),
                place.leader().into(),
                followed.contains(id).into(),
                row.company_id.into(),
                group.now.into(),
                group.now.into(),
            ]);
        }
        let input = json(group.backend, "v.column6");
        let mut company = uuid(group.backend, "v.column14");
        if placed.iter().any(|placed| placed.row.company_id.is_some()) {
            // One that was deleted since the sender read of it is nobody's.
            company = format!("(select c.id from companies c where c.id = {company})");
        }
        let statements = rows.statements(group.backend, |list| {
            format!(
                "insert into job_practices (id, job_id, organisation_id, row_number, practice_identifier, input, \
                 status, error_message, dedupe_key, host_key, domain, duplicate_of, has_followers, company_id, \
                 created_at, updated_at) select v.column1, v.column2, v.column3, v.column4, v.column5, {input}, v.column7, \
                 v.column8, v.column9, v.column10, v.column11, v.column12, v.column13, {company}, v.column15, v.column16 \
                 from (values {list}) as v"
            )
        });
        for statement in statements {
            group.tx.execute_raw(statement).await?;
        }
        Ok(())
    }
}

async fn mark_leaders(group: &Group<'_>, mut leaders: Vec<i64>) -> Result<(), DbErr> {
    leaders.sort_unstable();
    leaders.dedup();
    if leaders.is_empty() {
        return Ok(());
    }
    let (list, values) = in_list(&leaders);
    group
        .execute(
            &format!("update job_practices set has_followers = true where id in ({list})"),
            values,
        )
        .await?;
    Ok(())
}
