//! Keys of requests are kept for a day.

use chrono::Utc;

use super::desk::{Desk, Fault};
use crate::store::write::{ForgetIdempotencyKeys, KEPT_FOR};

pub(super) async fn forget(desk: &Desk) -> Result<(), Fault> {
    let before = Utc::now() - KEPT_FOR;
    // A look that finds nothing costs no transaction.
    if !desk.engine.reader.has_idempotency_keys(before).await? {
        return Ok(());
    }
    while desk.goes_on() {
        let forgotten = desk.write(ForgetIdempotencyKeys { before }).await?;
        if !ForgetIdempotencyKeys::more_after(forgotten) {
            break;
        }
    }
    Ok(())
}
