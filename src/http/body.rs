//! Bodies that may be left out.

use actix_web::web::Bytes;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// What a JSON body says; the default where there is none.
///
/// # Errors
/// 400 where it cannot be read.
pub fn optional<T: Default + DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    if body.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body)
        .map_err(|error| Problem::bad_request(format!("the body must be a JSON object: {error}")))
}
