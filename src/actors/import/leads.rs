//! A list of leads: each row that has a name is one, a thousand at a time.

use std::collections::{BTreeMap, HashSet};
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

/// Headers of a field's column, letters and digits alone, in lower case, the better ones first.
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
    /// The columns that each field is taken from, the first that is filled in a row. All others go into `data`.
    pub columns: BTreeMap<&'static str, Vec<String>>,
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
    /// Fields and the places of their columns; the first that is filled in a row counts.
    fields: Vec<(&'static str, Vec<usize>)>,
}

impl<'a> Columns<'a> {
    /// `website` is the column that holds websites, where headers and cells leave no doubt.
    fn of(names: &'a [String], website: Option<usize>) -> Self {
        let headers: Vec<String> = names.iter().map(|name| letters(name)).collect();
        let mut fields: Vec<(&'static str, Vec<usize>)> = Vec::new();
        for (field, words) in HEADERS {
            let free = |place: &usize| fields.iter().all(|(_, taken)| !taken.contains(place));
            let website = website.filter(|place| field == "website" && free(place));
            let headed = words.split_whitespace().flat_map(|word| {
                let places = headers.iter().enumerate();
                places
                    .filter(move |(_, header)| *header == word)
                    .map(|(place, _)| place)
            });
            let other = headed.filter(|place| free(place) && Some(*place) != website);
            let places: Vec<usize> = website.into_iter().chain(other).collect();
            if !places.is_empty() {
                fields.push((field, places));
            }
        }
        Self { names, fields }
    }

    fn named(&self) -> BTreeMap<&'static str, Vec<String>> {
        let name = |place: &usize| self.names.get(*place).cloned();
        let named = self
            .fields
            .iter()
            .map(|(field, places)| (*field, places.iter().filter_map(name).collect()));
        named.collect()
    }

    /// The cell that counts for a field: place and text.
    fn cell<'c>(&self, field: &str, cells: &'c [String]) -> Option<(usize, &'c str)> {
        let (_, places) = self.fields.iter().find(|(known, _)| *known == field)?;
        places.iter().find_map(|place| Some((*place, filled(cells, *place)?)))
    }

    fn read(&self, cells: &[String]) -> Result<Profile, Vec<Mistake>> {
        let mut said = Map::new();
        let mut told = HashSet::new();
        for (field, _) in &self.fields {
            if let Some((place, cell)) = self.cell(field, cells) {
                told.insert(place);
                said.extend(value(field, cell).map(|value| ((*field).to_owned(), value)));
            }
        }
        let other = self.names.iter().enumerate().filter(|(place, _)| !told.contains(place));
        let data: Map<String, Value> = other
            .filter_map(|(place, column)| Some((column.clone(), filled(cells, place)?.into())))
            .collect();
        said.insert("data".to_owned(), Value::Object(data));
        read_profile(&said)
    }
}

fn filled(cells: &[String], place: usize) -> Option<&str> {
    cells.get(place).map(|cell| cell.trim()).filter(|cell| !cell.is_empty())
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
        let field = mistake.path();
        // Of a field without a cell the first of its columns; of what is wrong elsewhere, that of the name.
        let first = |field: &str| columns.fields.iter().find(|(known, _)| *known == field);
        let empty = first(&field)
            .or_else(|| first("name"))
            .and_then(|(_, places)| places.first());
        let (place, value) = match columns.cell(&field, cells) {
            Some(cell) => cell,
            None => (empty.copied().unwrap_or_default(), ""),
        };
        self.problems.push(RowProblem {
            row_number: row.row.row_number,
            line: row.line,
            column: columns.names.get(place).cloned().unwrap_or_default(),
            value: shortened(value),
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
        let expected = json!({
            "name": ["Business Name", "Company"], "phone": ["Phone #"], "city": ["Tāone"], "icp_score": ["ICP"],
            "email": ["E-mail"],
        });
        assert_eq!(json!(columns.named()), expected);
        let profile = columns.read(&names(&["Kai Ltd", " ", "06 364 0000", "Ōtaki"])).unwrap();
        assert_eq!(
            (profile.name.as_str(), profile.city.as_deref()),
            ("Kai Ltd", Some("Ōtaki"))
        );
        let profile = columns.read(&names(&["Kai Ltd", "Kai"])).unwrap();
        assert_eq!(
            (profile.name.as_str(), profile.data),
            ("Kai", json!({ "Company": "Kai Ltd" }))
        );
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
