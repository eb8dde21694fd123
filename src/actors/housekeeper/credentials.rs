//! Sessions, links and devices whose time is over.

use chrono::{TimeDelta, Utc};

use super::desk::{Desk, Fault};
use crate::store::write::ForgetCredentials;

pub(super) async fn forget(desk: &Desk) -> Result<(), Fault> {
    let idle = i64::try_from(desk.engine.settings().auth.session_idle_ms).unwrap_or(i64::MAX);
    let idle_since = Utc::now() - TimeDelta::milliseconds(idle);
    // A look that finds nothing costs no transaction.
    if desk.engine.reader.has_credentials_over(idle_since).await? {
        desk.write(ForgetCredentials { idle_since }).await?;
    }
    Ok(())
}
