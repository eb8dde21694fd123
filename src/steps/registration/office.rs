//! The NZBN register of the New Zealand Companies Office: the companies that may be behind a restaurant, and what is known of the
//! one that was picked.

mod details;
mod register;
mod search;

use super::{Found, RegistrationContext, RegistrationHandler, RegistrationStop};
use crate::model::registration::step::StepNumber;
use crate::model::step::StepFailure;

pub(super) use register::{KEEP_HOMES, request_settings};

/// Asks the register, for the step that it is named in: the company search or the company details.
#[derive(Clone, Copy, Debug)]
pub struct AskCompaniesOffice;

#[async_trait::async_trait]
impl RegistrationHandler for AskCompaniesOffice {
    async fn run(&self, context: &RegistrationContext) -> Result<Found, RegistrationStop> {
        match context.slug.as_str() {
            slug if slug == StepNumber::CompanySearch.name() => search::search(context).await,
            slug if slug == StepNumber::CompanyDetails.name() => details::details(context).await,
            slug => {
                let error = format!(
                    "'companies_office' does company_search and company_details, not {slug}; name another handler"
                );
                Err(StepFailure::permanent(error).into())
            }
        }
    }
}

#[cfg(test)]
mod tests;
