//! Webhooks about batches: which events there are, what is told of them, how it is signed, and what an answer means.

mod message;
mod question;
mod schedule;
mod signature;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::journal::Operation;

pub use message::{BatchNotice, Message, NAME_CHARS, REASON_CHARS, slack_body};
pub use question::{AskedRestaurant, Question, RESTAURANTS_NAMED};
pub use schedule::{Answered, JITTER, Judgement, SLACK_PACE, THROTTLE, Verdict, judge};
pub use signature::{SECRET_BYTES, SECRET_PREFIX, secret_of, signed_headers};

/// What an endpoint can be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub enum EventType {
    #[serde(rename = "batch.started")]
    BatchStarted,
    #[serde(rename = "batch.paused")]
    BatchPaused,
    #[serde(rename = "batch.resumed")]
    BatchResumed,
    #[serde(rename = "batch.completed")]
    BatchCompleted,
    #[serde(rename = "batch.failed")]
    BatchFailed,
    #[serde(rename = "batch.killed")]
    BatchKilled,
    #[serde(rename = "batch.cancelled")]
    BatchCancelled,
    /// Steps wait for people.
    #[serde(rename = "action_required")]
    ActionRequired,
    /// Somebody tries an endpoint out. It is sent to that one alone, whatever it wants to be told of.
    #[serde(rename = "webhook.test")]
    Test,
}

impl EventType {
    pub const ALL: [Self; 9] = [
        Self::BatchStarted,
        Self::BatchPaused,
        Self::BatchResumed,
        Self::BatchCompleted,
        Self::BatchFailed,
        Self::BatchKilled,
        Self::BatchCancelled,
        Self::ActionRequired,
        Self::Test,
    ];

    /// What an endpoint is told of that asks for nothing in particular: what somebody may have to look at.
    pub const USUAL: [Self; 4] = [
        Self::BatchPaused,
        Self::BatchCompleted,
        Self::BatchFailed,
        Self::ActionRequired,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BatchStarted => "batch.started",
            Self::BatchPaused => "batch.paused",
            Self::BatchResumed => "batch.resumed",
            Self::BatchCompleted => "batch.completed",
            Self::BatchFailed => "batch.failed",
            Self::BatchKilled => "batch.killed",
            Self::BatchCancelled => "batch.cancelled",
            Self::ActionRequired => "action_required",
            Self::Test => "webhook.test",
        }
    }

    /// What is told of a row of the journal, if anything.
    #[must_use]
    pub fn of(operation: Operation) -> Option<Self> {
        match operation {
            Operation::BatchStarted => Some(Self::BatchStarted),
            Operation::BatchPaused => Some(Self::BatchPaused),
            Operation::BatchResumed => Some(Self::BatchResumed),
            Operation::BatchCompleted => Some(Self::BatchCompleted),
            Operation::BatchFailed => Some(Self::BatchFailed),
            Operation::BatchKilled => Some(Self::BatchKilled),
            Operation::BatchCancelled => Some(Self::BatchCancelled),
            Operation::ActionRequired => Some(Self::ActionRequired),
            _ => None,
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is not among those that there are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no such word")]
pub struct UnknownWord(pub String);

impl FromStr for EventType {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|event| event.as_str() == text)
            .ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// How an endpoint is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Standard Webhooks: signed JSON.
    #[default]
    Standard,
    /// A Slack incoming webhook, whose address is the secret.
    Slack,
}

impl Format {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Slack => "slack",
        }
    }
}

impl FromStr for Format {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "standard" => Ok(Self::Standard),
            "slack" => Ok(Self::Slack),
            _ => Err(UnknownWord(text.to_owned())),
        }
    }
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// It will be sent, for the first time or again.
    Pending,
    /// The endpoint has taken it.
    Delivered,
    /// It is given up.
    Failed,
    /// The endpoint was switched off.
    Skipped,
}

impl DeliveryStatus {
    pub const ALL: [Self; 4] = [Self::Pending, Self::Delivered, Self::Failed, Self::Skipped];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

impl FromStr for DeliveryStatus {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// An address as it may be shown: the one of Slack is a secret as a whole, and a query often holds one.
#[must_use]
pub fn shown_url(url: &str, format: Format) -> String {
    let Ok(mut parsed) = url::Url::parse(url) else {
        return "…".to_owned();
    };
    match format {
        Format::Slack => {
            let origin = parsed.origin().ascii_serialization();
            let first = parsed
                .path_segments()
                .and_then(|mut path| path.next())
                .unwrap_or_default();
            format!("{origin}/{first}/…")
        }
        Format::Standard if parsed.query().is_some() => {
            parsed.set_query(None);
            format!("{parsed}?…")
        }
        Format::Standard => parsed.into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn names_round_trip_and_are_what_is_serialised() {
        for event in EventType::ALL {
            assert_eq!(event.as_str().parse(), Ok(event));
            assert_eq!(serde_json::to_value(event).unwrap(), event.as_str());
        }
        for status in DeliveryStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        for format in [Format::Standard, Format::Slack] {
            assert_eq!(format.as_str().parse(), Ok(format));
            assert_eq!(serde_json::to_value(format).unwrap(), format.as_str());
        }
        assert!("batch.stopped".parse::<EventType>().is_err());
    }

    #[test]
    fn of_an_item_it_is_told_only_that_it_waits_for_somebody() {
        for operation in Operation::ALL {
            if !operation.concerns_batch() && operation != Operation::ActionRequired {
                assert_eq!(EventType::of(operation), None, "{operation:?}");
            }
        }
        assert_eq!(
            EventType::of(Operation::BatchCompleted),
            Some(EventType::BatchCompleted)
        );
    }

    #[test]
    fn an_address_is_shown_without_what_is_secret_in_it() {
        for (url, format, shown) in [
            (
                "https://hooks.slack.com/services/T0/B1/x9y8z7",
                Format::Slack,
                "https://hooks.slack.com/services/…",
            ),
            (
                "http://127.0.0.1:8080/one",
                Format::Slack,
                "http://127.0.0.1:8080/one/…",
            ),
            (
                "https://a.example/in?token=s3cret",
                Format::Standard,
                "https://a.example/in?…",
            ),
            ("https://a.example/in", Format::Standard, "https://a.example/in"),
            ("no address", Format::Standard, "…"),
        ] {
            assert_eq!(shown_url(url, format), shown);
        }
    }
}
