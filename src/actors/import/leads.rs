//! A list of leads: each row that has a name is one, a thousand at a time.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use entity::Id;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::preview::{LISTED_PROBLEMS, RowProblem, look, shortened};
use super::rows::{Chunks, ListRow, read_limits};
use super::{Engine, ImportError};
use crate::model::journal::Origin;
use crate::model::registration::profile::{Checks, Profile};
use crate::model::workflow_spec::Mistake;
use crate::scrape::{UrlRefusal, clean_url, country_code, region_code};
use crate::store::write::{ImportLeads, KeyAnswer, RequestKey, StoredAnswer};

/// Headers of a field's column, letters and digits alone, in lower case; the first that is there is taken. Of two fields the
/// earlier chooses first.
const HEADERS: [(&str, &str); 15] = [
    (
        "name",
        "name restaurantname restaurant businessname tradingname tradingas companyname venuename storename leadname \
         accountname business company venue store lead account organisation organization",
    ),
    (
        "website",
        "website websiteurl url web site homepage restaurantwebsite companywebsite domain",
    ),
    (
        "phone",
        "phone phonenumber telephone telephonenumber tel mobile mobilephone mobilenumber contactnumber contactphone \
         businessphone waea",
    ),
    (
        "email",
        "email emailaddress mail contactemail businessemail īmēra imera",
    ),
    (
        "address",
        "address streetaddress fulladdress street physicaladdress businessaddress location wāhitūnoho",
    ),
    ("city", "city town suburb locality citytown towncity tāone taone"),
    ("region", "region state province county district area rohe"),
    ("country", "country countrycode nation whenua"),
    ("type", "type leadtype direction"),
    ("stage", "stage leadstage temperature"),
    ("icp_score", "icpscore icp icpfit score leadscore fitscore"),
    ("status", "status leadstatus"),
    ("extraction_job_id", "extractionjobid extractionjob extractionid jobid"),
    (
        "company_number",
        "companynumber companyno registrationnumber companiesofficenumber",
    ),
    ("nzbn", "nzbn newzealandbusinessnumber businessnumber"),
];

/// Reads what somebody says of a lead or a restaurant.
///
/// # Errors
/// Every mistake at once.
pub fn read_profile(said: &Map<String, Value>) -> Result<Profile, Vec<Mistake>> {
    const CHECKS: Checks = Checks {
        website: |text| match clean_url(text) {
            Ok(clean) => Ok(clean.url.into()),
            Err(refusal) => Err(format!("must be the address of a website: {refusal}")),
        },
        country: |text| region_code(text).map_err(|unknown| unknown.to_string()),
    };
    Profile::read(said, CHECKS)
}

/// A list of leads on disk.
#[derive(Clone, Debug)]
pub struct LeadList {
    pub organisation_id: Id,
    /// Delimited text.
    pub file: PathBuf,
    /// Where the request carried a key: the answer is stored with the last rows.
    pub request_key: Option<RequestKey>,
    pub origin: Origin,
}

/// What became of a list of leads.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct LeadsImported {
    /// Rows with content.
    pub rows: u64,
    pub created: u64,
    /// Rows that say what is known of a lead already.
    pub unchanged: u64,
    /// Rows that are no leads.
    pub invalid: u64,
    pub blank_rows: u64,
    /// The column that each field is taken from. All others go into `data`.
    pub columns: BTreeMap<&'static str, String>,
    /// The first problems.
    pub problems: Vec<RowProblem>,
}

/// Takes the leads of the list. Rows that are in stay in, also where a later one cannot be written; the same list sent again
/// makes none twice.
///
/// # Errors
/// See [`ImportError`].
pub async fn import_leads(engine: Arc<Engine>, list: LeadList) -> Result<StoredAnswer, ImportError> {
    let settings = engine.settings();
    let limits = read_limits(&settings);
    let (inspection, candidates) = look(&list.file, limits, None).await?;
    let website = candidates.is_empty().then_some(inspection.url_column);
    let columns = Columns::of(&inspection.columns, website);
    if !columns.fields.iter().any(|(field, _)| *field == "name") {
        return Err(ImportError::NoNameColumn {
            columns: inspection.columns.clone(),
        });
    }
    let mut imported = LeadsImported {
        columns: columns.named(),
        ..LeadsImported::default()
    };
    let mut chunks = Chunks::open(&list.file, limits, &inspection, settings.imports.chunk_rows);
    while let Some(chunk) = chunks.next().await {
        let profiles = imported.take(&columns, chunk);
        let taken = profiles.len() as u64;
        let created = write(&engine, &list, profiles, None).await?;
        imported.created += created;
        imported.unchanged += taken - created;
    }
    imported.blank_rows = chunks.finish().await?;
    let answer = StoredAnswer {
        status: 200,
        location: None,
        body: json!(imported).to_string(),
    };
    if let Some(request) = list.request_key.clone() {
        let key = KeyAnswer {
            request,
            answer: answer.clone(),
        };
        write(&engine, &list, Vec::new(), Some(key)).await?;
    }
    Ok(answer)
}

async fn write(
    engine: &Engine,
    list: &LeadList,
    profiles: Vec<Profile>,
    answer: Option<KeyAnswer>,
) -> Result<u64, ImportError> {
    let command = ImportLeads {
        organisation_id: list.organisation_id,
        profiles,
        answer,
        origin: list.origin.clone(),
    };
    let within = Duration::from_millis(engine.settings().http.command_timeout_ms);
    let written = tokio::time::timeout(within, engine.storage.write(command)).await;
    Ok(written.map_err(|_| ImportError::Away)??)
}

/// Which cell is what.
struct Columns<'a> {
    names: &'a [String],
    /// Fields and the places of their columns.
    fields: Vec<(&'static str, usize)>,
}

impl<'a> Columns<'a> {
    /// `website` is the column that holds websites, where headers and cells leave no doubt.
    fn of(names: &'a [String], website: Option<usize>) -> Self {
        let headers: Vec<String> = names.iter().map(|name| letters(name)).collect();
        let mut fields: Vec<(&'static str, usize)> = Vec::new();
        for (field, words) in HEADERS {
            let free = |place: &usize| fields.iter().all(|(_, taken)| taken != place);
            let headed = words
                .split_whitespace()
                .filter_map(|word| headers.iter().position(|header| header == word))
                .find(free);
            let found = match field {
                "website" => website.filter(free).or(headed),
                _ => headed,
            };
            fields.extend(found.map(|place| (field, place)));
        }
        Self { names, fields }
    }

    fn named(&self) -> BTreeMap<&'static str, String> {
        let named = self
            .fields
            .iter()
            .map(|(field, place)| (*field, self.names[*place].clone()));
        named.collect()
    }

    /// The column of a field; for what is wrong elsewhere, that of the name.
    fn place(&self, field: &str) -> usize {
        let place = |field: &str| self.fields.iter().find(|(known, _)| *known == field);
        let found = place(field).or_else(|| place("name"));
        found.map_or(0, |(_, place)| *place)
    }

    fn read(&self, cells: &[String]) -> Result<Profile, Vec<Mistake>> {
        let mut said = Map::new();
        let mut data = Map::new();
        for (place, column) in self.names.iter().enumerate() {
            let Some(cell) = cells.get(place).map(|cell| cell.trim()).filter(|cell| !cell.is_empty()) else {
                continue;
            };
            match self.fields.iter().find(|(_, of)| *of == place) {
                Some((field, _)) => said.extend(value(field, cell).map(|value| ((*field).to_owned(), value))),
                None => {
                    data.insert(column.clone(), Value::from(cell));
                }
            }
        }
        said.insert("data".to_owned(), Value::Object(data));
        read_profile(&said)
    }
}

/// The letters and digits of a header, in lower case.
fn letters(header: &str) -> String {
    let letters = header.chars().filter(|letter| letter.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// What a cell says of a field; `None` for a word that says that there is none.
fn value(field: &str, cell: &str) -> Option<Value> {
    Some(match field {
        "website" if matches!(clean_url(cell), Err(UrlRefusal::Placeholder(_))) => return None,
        "type" | "stage" => cell.to_lowercase().into(),
        "country" => country_code(cell).unwrap_or_else(|| cell.to_owned()).into(),
        "icp_score" => {
            // `7`, `7.0` and `7/10` all mean seven.
            let score = cell.split('/').next().unwrap_or(cell).trim();
            match score.parse::<f64>() {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "it has no fraction, and what is too large is refused"
                )]
                Ok(score) if score.fract() == 0.0 => (score as i64).into(),
                _ => cell.into(),
            }
        }
        _ => cell.into(),
    })
}

impl LeadsImported {
    fn take(&mut self, columns: &Columns<'_>, chunk: Vec<ListRow>) -> Vec<Profile> {
        let mut profiles = Vec::with_capacity(chunk.len());
        for row in chunk {
            self.rows += 1;
            let cells: Vec<String> = serde_json::from_str(&row.row.input).unwrap_or_default();
            match columns.read(&cells) {
                Ok(profile) => profiles.push(profile),
                Err(mistakes) => {
                    self.invalid += 1;
                    self.tell(columns, &row, &cells, &mistakes);
                }
            }
        }
        profiles
    }

    /// Tells the first mistake of a row.
    fn tell(&mut self, columns: &Columns<'_>, row: &ListRow, cells: &[String], mistakes: &[Mistake]) {
        let Some(mistake) = mistakes.first().filter(|_| self.problems.len() < LISTED_PROBLEMS) else {
            return;
        };
        let place = columns.place(&mistake.path());
        self.problems.push(RowProblem {
            row_number: row.row.row_number,
            line: row.line,
            column: columns.names.get(place).cloned().unwrap_or_default(),
            value: shortened(cells.get(place).map_or("", |cell| cell.trim())),
            code: "invalid",
            message: mistake.to_string(),
        });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn every_listed_header_can_be_met_once() {
        let mut met = std::collections::HashSet::new();
        for word in HEADERS.iter().flat_map(|(_, words)| words.split_whitespace()) {
            assert_eq!(letters(word), word);
            assert!(met.insert(word), "{word} stands twice");
        }
        assert!(HEADERS.iter().all(|(field, _)| Profile::FIELDS.contains(field)));
    }

    #[test]
    fn columns_are_found_by_their_headers() {
        let header = names(&["Company", "Business Name", "Phone #", "Tāone", "ICP", "E-mail", "Menu"]);
        let columns = Columns::of(&header, None);
        let expected = [
            ("city", "Tāone"),
            ("email", "E-mail"),
            ("icp_score", "ICP"),
            ("name", "Business Name"),
            ("phone", "Phone #"),
        ];
        let named = columns.named();
        let named: Vec<(&str, &str)> = named.iter().map(|(field, column)| (*field, column.as_str())).collect();
        assert_eq!(named, expected);
    }

    #[test]
    fn cells_are_read_as_people_write_them() {
        let header = names(&["Restaurant", "Website", "ICP", "Country", "Stage", "Note"]);
        let columns = Columns::of(&header, Some(1));
        let read = |cells: &[&str]| columns.read(&names(cells));
        let profile = read(&["Ōtaki Fish", "n/a", "7/10", "New Zealand", "HOT", "open late"]).unwrap();
        assert_eq!((profile.icp_score, profile.country.as_deref()), (Some(7), Some("NZ")));
        assert_eq!((profile.stage.as_str(), profile.website), ("hot", None));
        assert_eq!(profile.data, json!({ "Note": "open late" }));
        let mistakes = read(&["", "a.nz", "many", "Atlantis"]).unwrap_err();
        let paths: Vec<String> = mistakes.iter().map(Mistake::path).collect();
        assert_eq!(paths, ["name", "icp_score", "country"]);
    }
}
