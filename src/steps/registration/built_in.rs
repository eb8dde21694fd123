//! Who does the steps and sub-steps: the daemon's own handlers, and the providers that answer at once. `registration.toml` names them.

use super::{AskCompaniesOffice, AskProvider, FollowExtraction, RegistrationHandlers};
use crate::providers::ProviderName;

/// Follows the restaurant's website through an extraction job.
pub(super) const EXTRACTION: &str = "extraction";
/// Asks the register of companies.
pub(super) const COMPANIES_OFFICE: &str = "companies_office";
/// The daemon's own, by the names that [`built_in`] registers.
pub(super) const NATIVE: [&str; 2] = [EXTRACTION, COMPANIES_OFFICE];
/// Providers that answer at once.
pub(super) const PROVIDERS: [ProviderName; 3] = [ProviderName::Http, ProviderName::N8n, ProviderName::Zenrows];

/// All of them. A handler that is added here, and to the names above, can be named in `registration.toml`.
#[must_use]
pub fn built_in() -> RegistrationHandlers {
    PROVIDERS.into_iter().fold(
        RegistrationHandlers::default()
            .with(EXTRACTION, FollowExtraction)
            .with(COMPANIES_OFFICE, AskCompaniesOffice),
        |handlers, provider| handlers.with(provider.as_str(), AskProvider(provider)),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_a_plan_may_name_is_what_there_is() {
        let handlers = built_in();
        let there: BTreeSet<&str> = handlers.names().collect();
        let named = NATIVE.into_iter().chain(PROVIDERS.map(ProviderName::as_str));
        assert_eq!(there, named.collect());
    }
}
