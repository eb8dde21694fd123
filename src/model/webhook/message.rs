//! What an endpoint is told: little, and where to read the rest.

use chrono::{DateTime, SecondsFormat, Utc};
use entity::Id;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{EventType, Question};

/// Characters of a batch's name that are told. With [`REASON_CHARS`] they keep a message far below 20 kB.
pub const NAME_CHARS: usize = 200;
/// Characters of a reason that are told.
pub const REASON_CHARS: usize = 1_000;
/// As many of it for Slack, which takes no more than 3,000 in a paragraph, and five for each that has to be escaped.
const SLACK_REASON_CHARS: usize = 300;

/// A batch as an event tells of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchNotice {
    /// `enrichment` or `registration`.
    pub kind: String,
    pub id: Id,
    pub name: Option<String>,
    /// What the event made of it.
    pub status: Option<String>,
    /// Why, where somebody or something had a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub total: i64,
    /// Finished, those that failed included.
    pub completed: i64,
    pub failed: i64,
    /// Items by status.
    pub counts: Value,
    /// Who waits for what, where people are waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Question>,
    /// Where to read more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

impl BatchNotice {
    /// The same, with nothing in it that is longer than a message may have.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        self.name = self.name.map(|name| beginning(&name, NAME_CHARS));
        self.reason = self.reason.map(|reason| beginning(&reason, REASON_CHARS));
        self
    }
}

/// The first characters of a text, and a mark where there are more.
pub(super) fn beginning(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What is sent, as Standard Webhooks shapes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub r#type: EventType,
    /// When it happened.
    pub timestamp: String,
    pub data: Value,
}

impl Message {
    #[must_use]
    pub fn of_batch(event: EventType, at: DateTime<Utc>, notice: BatchNotice) -> Self {
        Self {
            r#type: event,
            timestamp: at.to_rfc3339_opts(SecondsFormat::Millis, true),
            data: json!(notice.bounded()),
        }
    }

    /// What is sent to try an endpoint out.
    #[must_use]
    pub fn test(endpoint: Id, at: DateTime<Utc>) -> Self {
        Self {
            r#type: EventType::Test,
            timestamp: at.to_rfc3339_opts(SecondsFormat::Millis, true),
            data: json!({ "endpoint_id": endpoint }),
        }
    }
}

/// A message as Slack takes it: a line that also stands alone in a notification, and the same with its figures.
#[must_use]
pub fn slack_body(message: &Message) -> Value {
    let Ok(notice) = serde_json::from_value::<BatchNotice>(message.data.clone()) else {
        let text = "A test message of batchdesk: this channel will be told of batches.";
        return json!({ "text": text, "blocks": [section(text)] });
    };
    let name = escaped(notice.name.as_deref().unwrap_or("without a name"));
    let what = match message.r#type {
        EventType::BatchStarted => "has started",
        EventType::BatchPaused => "is paused",
        EventType::BatchResumed => "goes on",
        EventType::BatchCompleted => "is complete",
        EventType::BatchFailed => "has failed",
        EventType::BatchKilled => "was killed",
        EventType::BatchCancelled => "was cancelled",
        EventType::ActionRequired => "waits for a decision",
        EventType::Test => "was tried out",
    };
    let text = match &notice.reason {
        Some(reason) => format!(
            "Batch {name} {what}: {}",
            escaped(&beginning(reason, SLACK_REASON_CHARS))
        ),
        None => format!("Batch {name} {what}"),
    };
    let figures = format!(
        "{} of {} done, {} failed",
        notice.completed, notice.total, notice.failed
    );
    let mut blocks = vec![section(&text)];
    let more = match &notice.link {
        Some(link) => format!("{figures} · <{}|{}>", link_target(link), notice.id),
        None => format!("{figures} · {}", notice.id),
    };
    blocks.push(json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": more }] }));
    json!({ "text": text, "blocks": blocks, "unfurl_links": false, "unfurl_media": false })
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
}

/// The three characters by which Slack would take text for a link, a mention or an entity.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A link in angle brackets ends at a bracket or a bar.
fn link_target(link: &str) -> String {
    escaped(link).replace('|', "%7C")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::model::registration::step::StepNumber;
    use crate::model::webhook::AskedRestaurant;

    fn notice() -> BatchNotice {
        BatchNotice {
            kind: "enrichment".to_owned(),
            id: Id::now(),
            name: Some("Dentists <!channel> & co".to_owned()),
            status: Some("paused".to_owned()),
            reason: Some("the key is refused: <401>".to_owned()),
            total: 40,
            completed: 12,
            failed: 2,
            counts: json!({ "pending": 28, "aggregated": 10, "error": 2 }),
            link: Some("https://desk.example/api/jobs/1".to_owned()),
            action: None,
        }
    }

    fn message(notice: BatchNotice) -> Message {
        let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        Message::of_batch(EventType::BatchPaused, at, notice)
    }

    #[test]
    fn it_is_type_time_and_data() {
        let notice = notice();
        let sent = serde_json::to_value(message(notice.clone())).unwrap();
        assert_eq!(sent["type"], "batch.paused");
        assert_eq!(sent["timestamp"], "2023-11-14T22:13:20.000Z");
        assert_eq!(sent["data"], serde_json::to_value(notice).unwrap());
        let read: Message = serde_json::from_value(sent.clone()).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), sent);
    }

    #[test]
    fn the_longest_names_and_reasons_stay_below_twenty_kilobytes() {
        let long = "😀".repeat(100_000);
        let mut action = Question::new(StepNumber::Execution, true);
        for _ in 0..50 {
            action.add(AskedRestaurant {
                registration_job_id: Id::now(),
                restaurant_id: Id::now(),
                name: long.clone(),
            });
        }
        let notice = BatchNotice {
            name: Some(long.clone()),
            reason: Some(long),
            action: Some(action),
            ..notice()
        };
        let message = message(notice);
        let sent = serde_json::to_string(&message).unwrap();
        assert!(sent.len() < 20_000, "{}", sent.len());
        assert!(slack_body(&message).to_string().len() < 20_000);
        assert!(sent.contains('…'));
    }

    #[test]
    fn slack_gets_text_that_mentions_nobody() {
        let body = slack_body(&message(notice()));
        assert_eq!(
            body["text"],
            "Batch Dentists &lt;!channel&gt; &amp; co is paused: the key is refused: &lt;401&gt;"
        );
        assert_eq!(body["blocks"][0]["text"]["text"], body["text"]);
        let more = body["blocks"][1]["elements"][0]["text"].as_str().unwrap();
        assert!(more.starts_with("12 of 40 done, 2 failed · <https://desk.example/api/jobs/1|"));
    }

    #[test]
    fn slack_is_told_of_a_test_too() {
        let test = Message::test(Id::now(), Utc::now());
        assert!(
            slack_body(&test)["text"]
                .as_str()
                .unwrap()
                .starts_with("A test message")
        );
    }
}
