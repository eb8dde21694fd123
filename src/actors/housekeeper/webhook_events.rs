//! Events and the log of their deliveries are kept for `webhooks.keep_days`.

use chrono::{TimeDelta, Utc};

use super::desk::{Desk, Fault};
use crate::store::write::ForgetWebhookEvents;

pub(super) async fn forget(desk: &Desk) -> Result<(), Fault> {
    let days = desk.engine.settings().webhooks.keep_days;
    let before = Utc::now() - TimeDelta::days(days.into());
    // A look that finds nothing costs no transaction.
    if !desk.engine.reader.has_webhook_events(before).await? {
        return Ok(());
    }
    while desk.goes_on() {
        let forgotten = desk.write(ForgetWebhookEvents { before }).await?;
        if !ForgetWebhookEvents::more_after(forgotten) {
            break;
        }
    }
    Ok(())
}
