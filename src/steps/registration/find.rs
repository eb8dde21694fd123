//! Looking whether a call that was cut off has done its work.

use std::sync::Arc;

use serde_json::Value;

use super::{RegistrationContext, RegistrationStop};
use crate::model::registration::plan::EffectPlan;
use crate::model::step::StepFailure;
use crate::model::workflow::Mode;
use crate::providers::{Answered, Call, ProviderName, ProviderSpec};
use crate::steps::provided::is_nothing;

/// What the effect's `find` finds of the work; `None` where it was not done.
///
/// # Errors
/// Where that cannot be told.
pub async fn find_effect(
    context: &RegistrationContext,
    effect: &EffectPlan,
) -> Result<Option<Value>, RegistrationStop> {
    let Some(find) = &effect.find else {
        return Err(StepFailure::permanent("nothing tells whether it was done").into());
    };
    let spec = ProviderSpec::parse(ProviderName::Http, Mode::Sync, find).map_err(|mistakes| {
        let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        RegistrationStop::Refused(format!(
            "`find` of '{}' cannot be called: {}",
            context.slug,
            told.join("; ")
        ))
    })?;
    let call = Call {
        workflow_slug: &context.slug,
        organisation: &context.organisation,
        step_run_id: context.key,
        attempt: context.attempt,
        context: &context.facts,
        callback_url: None,
        on_place: None,
    };
    let waiting = context.progress.writing();
    let report = context.providers.call(&spec, call).await;
    drop(waiting);
    let found = match report.outcome {
        Ok(Answered::Data(found)) => found,
        Ok(Answered::Accepted) => Value::Null,
        Err(_) if matches!(report.status, Some(404 | 410)) => return Ok(None),
        Err(failure) => return Err(failure.into()),
    };
    let holds = match &effect.found_when {
        None => !is_nothing(&found),
        Some(condition) => holds(context, condition.clone(), &found).await?,
    };
    Ok(holds.then_some(found))
}

async fn holds(context: &RegistrationContext, condition: String, found: &Value) -> Result<bool, RegistrationStop> {
    let mut facts = Value::clone(&context.facts);
    if let Value::Object(names) = &mut facts {
        names.insert("found".to_owned(), found.clone());
    }
    let templates = Arc::clone(context.providers.templates());
    let decided = tokio::task::spawn_blocking(move || templates.holds(&condition, &facts)).await;
    match decided {
        Ok(Ok(holds)) => Ok(holds),
        Ok(Err(error)) => Err(RegistrationStop::Refused(format!(
            "`found_when` of '{}' cannot be decided: {error}",
            context.slug
        ))),
        Err(_) => Err(StepFailure::passing("`found_when` was not decided").into()),
    }
}
