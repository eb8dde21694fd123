//! The companies that may be behind a restaurant, the likeliest first.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::super::{Found, RegistrationContext, RegistrationStop};
use super::register::Register;
use crate::model::registration::company::{CompanyDetails, CompanyFound};
use crate::model::registration::company_name::search_terms;
use crate::model::registration::likeness::{Ranked, Sought, rank};
use crate::model::registration::nzbn::Nzbn;
use crate::model::step::StepFailure;
use crate::scrape::compute;
use crate::store::write::CandidateFound;

/// How many companies a person is shown.
const KEPT: usize = 10;
/// How many of the best are looked at closely.
const LOOKED_AT: usize = 5;

pub(super) async fn search(context: &RegistrationContext) -> Result<Found, RegistrationStop> {
    let register = Register::of(context);
    let restaurant = &context.restaurant;
    let sought = Sought {
        name: restaurant.name.clone(),
        address: restaurant.address.clone(),
        city: restaurant.city.clone(),
        phone: restaurant.phone.clone(),
    };
    let (companies, terms) = gather(&register, &sought.name).await?;
    let first = ranked(&sought, companies.into_iter().map(|company| (company, None)).collect()).await?;
    let mut looked = Looked::default();
    let mut companies = Vec::with_capacity(first.len());
    for (place, one) in first.into_iter().enumerate() {
        let details = match &one.company.nzbn {
            Some(nzbn) if place < LOOKED_AT => looked.at(&register, nzbn).await?,
            _ => None,
        };
        companies.push((one.company, details));
    }
    let mut best = ranked(&sought, companies).await?;
    best.truncate(KEPT);
    let candidates: Vec<CandidateFound> = best.into_iter().map(|one| looked.candidate(one)).collect();
    Ok(Found {
        candidates: Some(candidates.clone()),
        ..Found::data(json!({ "candidates": candidates.len(), "terms": terms }))
    })
}

/// What the terms find, each company once, and the terms that were asked for: less and less of the name, until there is enough.
async fn gather(register: &Register<'_>, name: &str) -> Result<(Vec<CompanyFound>, Vec<String>), RegistrationStop> {
    let mut companies = Vec::new();
    let mut known = HashSet::new();
    let mut terms = Vec::new();
    for term in search_terms(name) {
        if companies.len() >= KEPT {
            break;
        }
        for company in register.search(&term).await? {
            if known.insert(identity(&company)) {
                companies.push(company);
            }
        }
        terms.push(term);
    }
    Ok((companies, terms))
}

fn identity(company: &CompanyFound) -> String {
    let nzbn = company.nzbn.as_ref().map(|nzbn| nzbn.as_str().to_owned());
    nzbn.or_else(|| company.company_number.clone())
        .unwrap_or_else(|| company.name.clone())
}

/// Comparing a hundred names takes its time.
async fn ranked(
    sought: &Sought,
    companies: Vec<(CompanyFound, Option<CompanyDetails>)>,
) -> Result<Vec<Ranked>, RegistrationStop> {
    let sought = sought.clone();
    let ranked = compute(move || rank(&sought, companies)).await;
    ranked.map_err(|_| StepFailure::passing("the companies that were found were not compared").into())
}

/// What came of looking at companies closely.
#[derive(Default)]
struct Looked {
    /// Why nothing more is known of a company.
    unknown: HashMap<Nzbn, String>,
    /// The register is to be left alone.
    put_off: Option<String>,
}

impl Looked {
    /// What the register has of the company. A company of which nothing can be had is a candidate all the same; without a key
    /// there is none.
    async fn at(&mut self, register: &Register<'_>, nzbn: &Nzbn) -> Result<Option<CompanyDetails>, RegistrationStop> {
        let why = match &self.put_off {
            Some(why) => why.clone(),
            None => match register.details(nzbn).await {
                Ok(Some(details)) => return Ok(Some(details)),
                Ok(None) => "the register has no document of it".to_owned(),
                Err(RegistrationStop::Failed { failure, .. }) => failure.error,
                Err(RegistrationStop::PutOff { why, .. }) => self.put_off.insert(why).clone(),
                Err(refused @ (RegistrationStop::Refused(_) | RegistrationStop::Forbidden(_))) => return Err(refused),
            },
        };
        self.unknown.insert(nzbn.clone(), why);
        Ok(None)
    }

    fn candidate(&self, one: Ranked) -> CandidateFound {
        let mut reasons = one.match_reasons;
        let why = one.company.nzbn.as_ref().and_then(|nzbn| self.unknown.get(nzbn));
        if let Some(why) = why {
            reasons.push(format!("its addresses and phones were not compared: {why}"));
        }
        let mut raw = one.company.raw;
        if let (Value::Object(fields), Some(details)) = (&mut raw, one.details) {
            fields.insert("details".to_owned(), details.raw);
        }
        CandidateFound {
            score: one.score,
            match_reasons: json!(reasons),
            nzbn: one.company.nzbn.map(|nzbn| nzbn.as_str().to_owned()),
            company_number: one.company.company_number,
            name: one.company.name,
            status: one.company.status,
            raw,
        }
    }
}
