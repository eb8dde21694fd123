//! What is done for a registration: the automatic steps, and the parts of its execution. `registration.toml` names them; it is
//! checked here.

mod built_in;
mod check;
mod effect;
mod extraction;
mod find;
mod handler;
mod office;
mod prefill;
mod provided;

pub use built_in::built_in;
pub use check::{check, checked_plan};
pub use effect::found_effect;
pub use extraction::FollowExtraction;
pub use find::find_effect;
pub use handler::{Found, RegistrationContext, RegistrationHandler, RegistrationHandlers, RegistrationStop};
pub use office::AskCompaniesOffice;
pub use prefill::{Prefilled, prefilled};
pub use provided::AskProvider;

#[cfg(test)]
mod tests;
