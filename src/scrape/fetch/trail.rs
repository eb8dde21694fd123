use super::{FetchError, FetchErrorKind};
use url::Url;

/// The addresses a request has been sent through, with their limit.
#[derive(Debug)]
pub struct RedirectTrail {
    visited: Vec<Url>,
    current: Url,
    limit: usize,
}

impl RedirectTrail {
    /// A trail that begins at `start`.
    pub fn new(start: Url, limit: usize) -> Self {
        Self {
            visited: Vec::new(),
            current: start,
            limit,
        }
    }

    /// The address to ask now.
    pub fn current(&self) -> &Url {
        &self.current
    }

    /// Steps on to `next`.
    ///
    /// # Errors
    /// [`FetchErrorKind::RedirectLoop`] when it was asked before, [`FetchErrorKind::TooManyRedirects`] over the limit.
    pub fn follow(&mut self, next: Url) -> Result<(), FetchError> {
        let host = next.host_str().unwrap_or_default();
        if next == self.current || self.visited.contains(&next) {
            let message = format!("{host} redirects in a circle.");
            return Err(FetchError::new(FetchErrorKind::RedirectLoop, message));
        }
        if self.visited.len() >= self.limit {
            let message = format!("{host} redirects more than {} times.", self.limit);
            return Err(FetchError::new(FetchErrorKind::TooManyRedirects, message));
        }
        self.visited.push(std::mem::replace(&mut self.current, next));
        Ok(())
    }

    /// The addresses that redirected, in order.
    pub fn into_followed(self) -> Vec<Url> {
        self.visited
    }
}
