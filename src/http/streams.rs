//! How many answers may stay open for events.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::http::StatusCode;
use entity::Id;

use super::problem::Problem;
use crate::settings;

/// When somebody who was refused may try again.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// Counts the event streams that are open.
#[derive(Debug, Default)]
pub struct OpenStreams {
    open: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    by_user: HashMap<Id, usize>,
}

/// The right to keep one stream open, given back when this is dropped.
#[derive(Debug)]
pub struct Place {
    streams: Arc<OpenStreams>,
    user_id: Id,
}

impl OpenStreams {
    /// # Errors
    /// 429 where the user has as many as one may have, 503 where all together have.
    pub fn enter(self: &Arc<Self>, user_id: Id, limits: &settings::Http) -> Result<Place, Problem> {
        let mut open = self.lock();
        let of_user = open.by_user.get(&user_id).copied().unwrap_or_default();
        let full = if of_user >= limits.max_event_streams_per_user {
            let detail = format!(
                "you have {of_user} event streams open, as many as http.max_event_streams_per_user allows; close one"
            );
            Some((StatusCode::TOO_MANY_REQUESTS, detail))
        } else if open.all >= limits.max_event_streams {
            let detail = "as many event streams are open as http.max_event_streams allows; try again, or ask for the \
                status instead";
            Some((StatusCode::SERVICE_UNAVAILABLE, detail.to_owned()))
        } else {
            None
        };
        if let Some((status, detail)) = full {
            return Err(Problem::new(status, "too_many_streams", detail).retry_after(RETRY_AFTER));
        }
        open.all += 1;
        open.by_user.insert(user_id, of_user + 1);
        Ok(Place {
            streams: Arc::clone(self),
            user_id,
        })
    }

    /// How many are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.lock().all
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.lock();
        open.all -= 1;
        if let Some(of_user) = open.by_user.get_mut(&self.user_id) {
            *of_user -= 1;
            if *of_user == 0 {
                open.by_user.remove(&self.user_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use actix_web::ResponseError as _;

    use super::*;
    use crate::settings::Settings;

    #[test]
    fn a_user_and_all_users_have_their_limits_and_places_come_back() {
        let settings = Settings::from_text("[http]\nmax_event_streams = 3\nmax_event_streams_per_user = 2\n").unwrap();
        let streams = Arc::new(OpenStreams::default());
        let (ada, ben) = (Id::now(), Id::now());
        let enter = |user| streams.enter(user, &settings.http);
        let held = [enter(ada).unwrap(), enter(ada).unwrap()];
        assert_eq!(enter(ada).unwrap_err().status_code(), StatusCode::TOO_MANY_REQUESTS);
        let other = enter(ben).unwrap();
        assert_eq!(enter(ben).unwrap_err().status_code(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(streams.open(), 3);
        drop(held);
        drop(other);
        assert_eq!(streams.open(), 0);
        assert!(streams.lock().by_user.is_empty());
    }
}
