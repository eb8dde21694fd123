//! Looking whether a call that was cut off has done its work.

use std::sync::Arc;

use serde_json::Value;

use super::{RegistrationContext, RegistrationStop, found_effect};
use crate::model::registration::plan::EffectPlan;
use crate::model::step::StepFailure;
use crate::model::workflow::Mode;
use crate::providers::{Answered, Call, ProviderName, ProviderSpec};

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
        Err(failure) => return Err(failure.into()),
    };
    let templates = Arc::clone(context.providers.templates());
    let (effect, facts) = (effect.clone(), Arc::clone(&context.facts));
    let decided = tokio::task::spawn_blocking(move || found_effect(&templates, &effect, &facts, found)).await;
    match decided {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => Err(RegistrationStop::Refused(format!(
            "what `find` of '{}' found cannot be read: {error}",
            context.slug
        ))),
        Err(_) => Err(StepFailure::passing("what was found was not read").into()),
    }
}
