//! A step or sub-step that a provider does, by the templates of the configuration.

use serde_json::Value;

use super::{Found, RegistrationContext, RegistrationHandler, RegistrationStop};
use crate::model::step::StepFailure;
use crate::model::workflow::Mode;
use crate::providers::{Answered, Call, ProviderName, ProviderSpec};

/// Asks a provider, which answers at once.
#[derive(Clone, Copy, Debug)]
pub struct AskProvider(pub ProviderName);

#[async_trait::async_trait]
impl RegistrationHandler for AskProvider {
    async fn run(&self, context: &RegistrationContext) -> Result<Found, RegistrationStop> {
        let spec = ProviderSpec::parse(self.0, Mode::Sync, &context.settings).map_err(|mistakes| {
            let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
            RegistrationStop::Refused(format!("'{}' cannot be called: {}", context.slug, told.join("; ")))
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
        // The call has time limits of its own; until then nothing is stuck.
        let waiting = context.progress.writing();
        let report = context.providers.call(&spec, call).await;
        drop(waiting);
        let was_taken = report.status.is_some_and(|status| (200..300).contains(&status));
        match report.outcome {
            Ok(Answered::Data(data)) => Ok(Found::data(data)),
            Ok(Answered::Accepted) => Ok(Found::data(Value::Null)),
            // It said yes and then something that cannot be read: what was asked for has likely been done.
            Err(failure) if was_taken => Err(RegistrationStop::Failed {
                failure: StepFailure {
                    error: failure.error,
                    chain: failure.chain,
                    retryable: true,
                    retry_after: None,
                },
                outcome_unknown: true,
            }),
            Err(failure) => Err(failure.into()),
        }
    }
}
