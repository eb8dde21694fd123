//! How many practices stand where, and how that changes.

use serde::Serialize;
use utoipa::ToSchema;

use super::practice::PracticeStatus;

/// Practices by status. Also used for differences, hence signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct StatusCounts {
    pub pending: i64,
    pub url_complete: i64,
    pub scraped: i64,
    pub aggregated: i64,
    pub error: i64,
    pub excluded: i64,
}

impl StatusCounts {
    fn slot(&mut self, status: PracticeStatus) -> &mut i64 {
        match status {
            PracticeStatus::Pending => &mut self.pending,
            PracticeStatus::UrlComplete => &mut self.url_complete,
            PracticeStatus::Scraped => &mut self.scraped,
            PracticeStatus::Aggregated => &mut self.aggregated,
            PracticeStatus::Error => &mut self.error,
            PracticeStatus::Excluded => &mut self.excluded,
        }
    }

    /// Counts one practice more in `status`.
    pub fn add(&mut self, status: PracticeStatus, by: i64) {
        *self.slot(status) += by;
    }

    /// Counts one practice that moved.
    pub fn moved(&mut self, from: PracticeStatus, to: PracticeStatus) {
        self.add(from, -1);
        self.add(to, 1);
    }

    /// Practices that will not move any more: aggregated, in error, excluded.
    #[must_use]
    pub fn finished(&self) -> i64 {
        self.aggregated + self.error + self.excluded
    }

    #[must_use]
    pub fn total(&self) -> i64 {
        self.finished() + self.pending + self.url_complete + self.scraped
    }

    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}
