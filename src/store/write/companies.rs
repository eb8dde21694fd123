//! Companies.

use std::collections::HashMap;

use entity::{Id, companies};
use sea_orm::{ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use super::audit;
use super::group::Group;
use super::idempotency::{KeyAnswer, RequestKey, StoredAnswer};
use crate::model::journal::Origin;
use crate::store::read::CompanyView;
use crate::store::rows::{Rows, json as as_json};

/// Bytes that a company's `data` may have as JSON.
pub const DATA_BYTES: usize = 64 * 1024;

/// What is to be known of a company.
#[derive(Clone, Debug, PartialEq)]
pub struct CompanyWrite {
    pub domain: String,
    /// `None`: as it is.
    pub name: Option<String>,
    /// An object that takes the place of the old one; `None`: as it is.
    pub data: Option<Value>,
}

/// Makes or changes up to 1,000 companies, each found by its domain. Of two with one domain the later is written over the
/// earlier.
#[derive(Clone, Debug)]
pub struct UpsertCompanies {
    pub organisation_id: Id,
    pub companies: Vec<CompanyWrite>,
    pub origin: Origin,
    /// Where this ends a request that carried a key.
    pub key: Option<UpsertKey>,
}

/// The key of a request, and the form of its answer.
#[derive(Clone, Debug)]
pub struct UpsertKey {
    pub request: RequestKey,
    pub form: UpsertForm,
}

/// How the sender of companies is answered.
#[derive(Clone, Debug)]
pub enum UpsertForm {
    /// The one company.
    One,
    /// All of them, with counts.
    Many,
    /// Something that was known before.
    Known(StoredAnswer),
}

/// What became of companies.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Upserted {
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    /// As they are now, in the order in which each was first named.
    pub companies: Vec<CompanyView>,
}

impl Upserted {
    /// The answer to whoever sent them.
    #[must_use]
    pub fn answer(&self, form: &UpsertForm) -> StoredAnswer {
        match form {
            UpsertForm::Known(answer) => answer.clone(),
            UpsertForm::One => {
                let company = self.companies.first();
                StoredAnswer {
                    status: if self.created > 0 { 201 } else { 200 },
                    location: company.map(|company| format!("/api/companies/{}", company.id)),
                    body: json!(company).to_string(),
                }
            }
            UpsertForm::Many => StoredAnswer {
                status: 200,
                location: None,
                body: json!({
                    "created": self.created,
                    "updated": self.updated,
                    "unchanged": self.unchanged,
                    "companies": self.companies,
                })
                .to_string(),
            },
        }
    }
}

/// A company on its way into the table.
struct Pending {
    company: companies::Model,
    is_new: bool,
    is_changed: bool,
}

impl UpsertCompanies {
    pub(super) fn bytes(&self) -> usize {
        let one = |company: &CompanyWrite| {
            let name = company.name.as_ref().map_or(0, String::len);
            let data = company.data.as_ref().map_or(0, |data| data.to_string().len());
            company.domain.len() + name + data + 128
        };
        self.companies.iter().map(one).sum()
    }

    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<Upserted, DbErr> {
        let mut upserted = Upserted::default();
        let pending = self.pending(group, &mut upserted).await?;
        self.write(group, &pending).await?;
        upserted.companies = pending.into_iter().map(|each| each.company.into()).collect();
        match upserted.companies.as_slice() {
            [] => {}
            [company] => audit::note(group, &self.origin, format!("company {}", company.id)).await?,
            _ => audit::note(group, &self.origin, "companies".to_owned()).await?,
        }
        if let Some(key) = &self.key {
            let answer = KeyAnswer {
                request: key.request.clone(),
                answer: upserted.answer(&key.form),
            };
            answer.write(group).await?;
        }
        Ok(upserted)
    }

    async fn pending(&self, group: &Group<'_>, upserted: &mut Upserted) -> Result<Vec<Pending>, DbErr> {
        if self.companies.is_empty() {
            return Ok(Vec::new());
        }
        let mut known: HashMap<String, companies::Model> = companies::Entity::find()
            .filter(companies::COLUMN.organisation_id.eq(self.organisation_id))
            .filter(companies::Column::Domain.is_in(self.companies.iter().map(|company| company.domain.as_str())))
            .all(group.tx)
            .await?
            .into_iter()
            .map(|company| (company.domain.clone(), company))
            .collect();
        let mut pending: Vec<Pending> = Vec::with_capacity(self.companies.len());
        let mut places: HashMap<&str, usize> = HashMap::new();
        for written in &self.companies {
            let place = *places.entry(&written.domain).or_insert(pending.len());
            let named_before = place < pending.len();
            if !named_before {
                let company = known.remove(&written.domain);
                let is_new = company.is_none();
                let company = company.unwrap_or_else(|| self.blank(group, &written.domain));
                pending.push(Pending {
                    company,
                    is_new,
                    is_changed: false,
                });
            }
            let Some(each) = pending.get_mut(place) else { continue };
            let changes = written.write_over(&mut each.company);
            each.is_changed |= changes;
            if each.is_new && !named_before {
                upserted.created += 1;
            } else if changes {
                upserted.updated += 1;
            } else {
                upserted.unchanged += 1;
            }
            if changes {
                each.company.updated_at = group.now;
            }
        }
        Ok(pending)
    }

    fn blank(&self, group: &Group<'_>, domain: &str) -> companies::Model {
        companies::Model {
            id: Id::now(),
            organisation_id: self.organisation_id,
            domain: domain.to_owned(),
            name: None,
            data: json!({}),
            created_at: group.now,
            updated_at: group.now,
        }
    }

    async fn write(&self, group: &Group<'_>, pending: &[Pending]) -> Result<(), DbErr> {
        let changed = pending.iter().filter(|each| each.is_new || each.is_changed);
        let mut rows = Rows::new(7, pending.len());
        for Pending { company, .. } in changed {
            rows.push([
                company.id.into(),
                company.organisation_id.into(),
                company.domain.clone().into(),
                company.name.clone().into(),
                company.data.to_string().into(),
                company.created_at.into(),
                company.updated_at.into(),
            ]);
        }
        let data = as_json(group.backend, "v.column5");
        let statements = rows.statements(group.backend, |list| {
            format!(
                "insert into companies (id, organisation_id, domain, name, data, created_at, updated_at) \
                 select v.column1, v.column2, v.column3, v.column4, {data}, v.column6, v.column7 \
                 from (values {list}) as v where true on conflict (organisation_id, domain) do update set \
                 name = excluded.name, data = excluded.data, updated_at = excluded.updated_at"
            )
        });
        for statement in statements {
            group.tx.execute_raw(statement).await?;
        }
        Ok(())
    }
}

impl CompanyWrite {
    /// Tells whether that changes anything.
    fn write_over(&self, company: &mut companies::Model) -> bool {
        let before = (company.name.clone(), company.data.clone());
        if let Some(name) = &self.name {
            company.name = Some(name.clone());
        }
        if let Some(data) = &self.data {
            company.data = data.clone();
        }
        before != (company.name.clone(), company.data.clone())
    }
}

/// Changes one company. What is `None` stays.
#[derive(Clone, Debug)]
pub struct ChangeCompany {
    pub id: Id,
    pub organisation_id: Id,
    pub domain: Option<String>,
    /// `Some(None)` takes the name away.
    pub name: Option<Option<String>>,
    pub data: Option<Value>,
    pub origin: Origin,
}

/// The answer to [`ChangeCompany`].
#[derive(Clone, Debug, PartialEq)]
pub enum CompanyChanged {
    Accepted(CompanyView),
    /// Another company of the organisation has that domain.
    DomainTaken(Id),
    NotFound,
}

impl ChangeCompany {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<CompanyChanged, DbErr> {
        const SQL: &str = "update companies set domain = ?, name = ?, data = ?, updated_at = ? where id = ?";
        let columns = &companies::COLUMN;
        let owned = || companies::Entity::find().filter(columns.organisation_id.eq(self.organisation_id));
        let Some(mut company) = owned().filter(columns.id.eq(self.id)).one(group.tx).await? else {
            return Ok(CompanyChanged::NotFound);
        };
        let before = company.clone();
        if let Some(domain) = &self.domain {
            let other = owned().filter(columns.domain.eq(domain.as_str())).one(group.tx).await?;
            if let Some(other) = other.filter(|other| other.id != self.id) {
                return Ok(CompanyChanged::DomainTaken(other.id));
            }
            company.domain.clone_from(domain);
        }
        if let Some(name) = &self.name {
            company.name.clone_from(name);
        }
        if let Some(data) = &self.data {
            company.data.clone_from(data);
        }
        if company != before {
            company.updated_at = group.now;
            let values = [
                company.domain.clone().into(),
                company.name.clone().into(),
                company.data.clone().into(),
                company.updated_at.into(),
                company.id.into(),
            ];
            group.execute(SQL, values).await?;
        }
        audit::note(group, &self.origin, format!("company {}", self.id)).await?;
        Ok(CompanyChanged::Accepted(company.into()))
    }
}

/// Deletes a company with what it has completed. Practices that stood for it stay, and stand for none. Answered with
/// whether it was there.
#[derive(Clone, Debug)]
pub struct DeleteCompany {
    pub id: Id,
    pub organisation_id: Id,
    pub origin: Origin,
}

impl DeleteCompany {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<bool, DbErr> {
        const LET_GO: &str = "update job_practices set company_id = null where company_id in \
            (select id from companies where id = ? and organisation_id = ?)";
        const DELETE: &str = "delete from companies where id = ? and organisation_id = ?";
        let owned = [self.id.into(), self.organisation_id.into()];
        group.execute(LET_GO, owned.clone()).await?;
        let was_there = group.execute(DELETE, owned).await? > 0;
        if was_there {
            audit::note(group, &self.origin, format!("company {}", self.id)).await?;
        }
        Ok(was_there)
    }
}
