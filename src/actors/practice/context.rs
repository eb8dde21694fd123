//! What templates and conditions of a workflow may name.

use chrono::Utc;
use sea_orm::DbErr;
use serde_json::{Map, Value, json};

use super::work::Work;
use crate::store::read::{Subject, named_cells};

impl Work {
    /// The names that a workflow's templates may use.
    ///
    /// `company` (id, domain, name, data), `data` (url, input: what n8n and Clay are sent by default), `practice` (identifier, row_number, input), `url`, `scrape`, `steps` (what earlier
    /// steps gave, by slug), `passed` (why steps were passed, by slug), `settings` (the job's), `job_id`, `play`, `now`.
    ///
    /// `None` where the practice is gone.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub(super) async fn template_context(&self) -> Result<Option<Value>, DbErr> {
        let Some(subject) = self.job.engine.reader.subject(self.item.id).await? else {
            return Ok(None);
        };
        let mut context = Map::new();
        context.insert("company".to_owned(), self.company(&subject));
        let input = json!(named_cells(&subject.headers, subject.input.as_ref()));
        let url = self.address();
        context.insert("data".to_owned(), json!({ "url": url, "input": input }));
        let practice = json!({
            "identifier": self.item.practice_identifier,
            "row_number": subject.row_number,
            "input": input,
        });
        context.insert("practice".to_owned(), practice);
        if let Some(url) = url {
            context.insert("url".to_owned(), Value::String(url));
        }
        if let Some(scrape) = &self.given.scrape {
            let scrape = serde_json::from_str(scrape).unwrap_or(Value::Null);
            context.insert("scrape".to_owned(), scrape);
        }
        context.insert("steps".to_owned(), Value::Object(self.given.steps.clone()));
        context.insert("passed".to_owned(), json!(self.flow.passed));
        context.insert("settings".to_owned(), Value::clone(&self.job.settings));
        context.insert("job_id".to_owned(), json!(self.job.job_id));
        context.insert("play".to_owned(), json!(self.job.play.name));
        context.insert("now".to_owned(), json!(Utc::now()));
        Ok(Some(Value::Object(context)))
    }

    fn company(&self, subject: &Subject) -> Value {
        json!({
            "id": self.item.company_id,
            "domain": subject.company_domain.as_ref().or(self.item.domain.as_ref()),
            "name": subject.company_name,
            "data": subject.company_data.clone().unwrap_or_else(|| json!({})),
        })
    }

    /// Where the website is: as the URL worker says, else by the domain.
    pub(super) fn address(&self) -> Option<String> {
        let clean = self.given.url.as_deref().and_then(|url| {
            let payload: Value = serde_json::from_str(url).ok()?;
            payload.get("url")?.as_str().map(str::to_owned)
        });
        clean.or_else(|| self.item.domain.as_ref().map(|domain| format!("https://{domain}")))
    }
}
