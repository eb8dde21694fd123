//! What the register has of the company that was picked.

use serde_json::{Map, Value, json};

use super::super::{Found, RegistrationContext, RegistrationStop};
use super::register::Register;
use crate::model::registration::nzbn::Nzbn;
use crate::model::step::StepFailure;
use crate::store::write::RestaurantFacts;

pub(super) async fn details(context: &RegistrationContext) -> Result<Found, RegistrationStop> {
    let register = Register::of(context);
    let picked = |key: &str| context.facts.get("selection")?.get(key)?.as_str();
    let number = picked("company_number")
        .map(str::trim)
        .filter(|number| !number.is_empty());
    // A person may enter the one number for the other.
    let nzbn = [picked("nzbn"), number].into_iter().flatten().find_map(Nzbn::parse);
    let nzbn = match (nzbn, number) {
        (Some(nzbn), _) => nzbn,
        (None, Some(number)) => by_number(&register, number).await?,
        (None, None) => {
            let error = "no company was picked that has a number; pick one in the company selection";
            return Err(StepFailure::permanent(error).into());
        }
    };
    let Some(mut details) = register.details(&nzbn).await? else {
        let error = format!("the register has no company with the NZBN {nzbn}; pick another one");
        return Err(StepFailure::permanent(error).into());
    };
    details.nzbn = Some(nzbn.as_str().to_owned());
    let mut set = vec![("nzbn", nzbn.as_str().to_owned())];
    set.extend(details.company_number.clone().map(|number| ("company_number", number)));
    let data = json!(details);
    let mut known = data.clone();
    if let Value::Object(fields) = &mut known {
        fields.remove("raw");
    }
    Ok(Found {
        data,
        restaurant: Some(RestaurantFacts {
            fill: Vec::new(),
            set,
            data: Map::from_iter([("company".to_owned(), known)]),
        }),
        candidates: None,
    })
}

/// The one company that has this number and no other.
async fn by_number(register: &Register<'_>, number: &str) -> Result<Nzbn, RegistrationStop> {
    let found = register.search(number).await?.into_iter().filter(|company| {
        let theirs = company.company_number.as_deref();
        theirs.is_some_and(|theirs| theirs.eq_ignore_ascii_case(number))
    });
    let mut found: Vec<(String, Option<Nzbn>)> = found.map(|company| (company.name, company.nzbn)).collect();
    let error = match found.pop() {
        Some((_, Some(nzbn))) if found.is_empty() => return Ok(nzbn),
        Some((name, None)) if found.is_empty() => format!("the register gives no NZBN for {name}, number {number}"),
        Some((name, _)) => {
            let names: Vec<&str> = found
                .iter()
                .map(|(name, _)| name.as_str())
                .chain([name.as_str()])
                .collect();
            format!(
                "several companies have the number {number}: {}; enter the NZBN",
                names.join(", ")
            )
        }
        None => format!("the register has no company with the number {number}; check it, or pick another company"),
    };
    Err(StepFailure::permanent(error).into())
}
