//! Configurations that are confirmed as they are proposed, all of a batch at once: counted first, then confirmed by that count.

use actix_web::http::StatusCode;
use entity::Id;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::registration_answers::{AnswersTaken, form_of};
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::problem::Problem;
use crate::model::merge_patch::merge;
use crate::model::registration::form::answer_mistakes;
use crate::model::registration::step::StepNumber;
use crate::store::read::ActionFilter;
use crate::store::write::AnswerGiven;

/// Questions that are read at a time.
const AT_ONCE: u64 = 100;

/// What becomes of configurations: they were taken, or first counted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes what the route answers")]
pub enum ConfigurationsTaken {
    Taken(AnswersTaken),
    Counted(ProposalCount),
}

/// How many configurations could be confirmed as they are proposed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProposalCount {
    /// Those that are complete: what `confirm_count` confirms.
    matched: usize,
    /// Those that wait too, and lack something: they have to be answered one by one.
    incomplete: Vec<IncompleteProposal>,
    /// Nothing was confirmed.
    dry_run: bool,
}

/// A proposal that does not match the form.
#[derive(Debug, Serialize, ToSchema)]
pub struct IncompleteProposal {
    registration_job_id: Id,
    restaurant_name: String,
    /// What is wrong with it, each with its place.
    errors: Vec<String>,
}

/// The proposals of those that wait, with what all of them are given besides.
#[derive(Debug)]
pub(super) struct Proposals {
    complete: Vec<AnswerGiven>,
    incomplete: Vec<IncompleteProposal>,
}

impl Proposals {
    /// Reads what is proposed to the batch now.
    pub(super) async fn read(app: &App, caller: &Caller, batch: Id, common: &Value) -> Result<Self, Problem> {
        let form = form_of(app, StepNumber::Configuration);
        let mut read = Self {
            complete: Vec::new(),
            incomplete: Vec::new(),
        };
        let mut filter = ActionFilter {
            batch_id: Some(batch),
            step: Some(StepNumber::Configuration.number()),
            after: None,
            limit: AT_ONCE,
        };
        loop {
            let page = app.reader.actions(&caller.scope, &filter).await?;
            filter.after = page.data.last().map(|action| action.registration_job_id);
            for action in page.data {
                let mut config = action.asked.map_or_else(|| json!({}), |asked| asked["config"].clone());
                merge(&mut config, common);
                let job_id = action.registration_job_id;
                let errors = answer_mistakes(&form, &config).map_err(|error| Problem::internal(&error))?;
                if errors.is_empty() {
                    read.complete.push(AnswerGiven { job_id, answer: config });
                } else {
                    read.incomplete.push(IncompleteProposal {
                        registration_job_id: job_id,
                        restaurant_name: action.restaurant_name,
                        errors,
                    });
                }
            }
            if page.last.is_none() {
                return Ok(read);
            }
        }
    }

    pub(super) fn count(self) -> ProposalCount {
        ProposalCount {
            matched: self.complete.len(),
            incomplete: self.incomplete,
            dry_run: true,
        }
    }

    /// The answers, where there are as many as somebody has confirmed.
    pub(super) fn confirmed(self, count: usize) -> Result<Vec<AnswerGiven>, Problem> {
        let matched = self.complete.len();
        if matched != count {
            let detail = format!("{matched} proposals are complete by now; look again, and confirm that number");
            return Err(Problem::new(StatusCode::CONFLICT, "count_changed", detail).with("matched", matched));
        }
        Ok(self.complete)
    }
}
