//! The bodies of callbacks: how many bytes of them may be held at a time, and whether they are JSON that can be read later.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::Payload;
use futures_util::StreamExt as _;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::http::problem::Problem;

/// Bodies of the largest size that are held at a time.
const LARGEST_AT_ONCE: usize = 4;
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// The bytes that all callbacks together may hold in memory.
#[derive(Clone, Debug)]
pub struct AnswerBudget {
    bytes: Arc<Semaphore>,
    largest: usize,
}

/// A body, and its share of the budget for as long as it is held.
pub(super) struct AnswerBody {
    pub(super) bytes: Vec<u8>,
    share: Option<OwnedSemaphorePermit>,
}

impl AnswerBudget {
    /// For bodies of `largest` bytes.
    #[must_use]
    pub fn new(largest: usize) -> Self {
        let bytes = largest.saturating_mul(LARGEST_AT_ONCE).min(Semaphore::MAX_PERMITS);
        Self {
            bytes: Arc::new(Semaphore::new(bytes)),
            largest,
        }
    }

    /// Reads a body. Bytes count from when they come, so one that comes slowly keeps nobody else out.
    pub(super) async fn read(&self, mut payload: Payload) -> Result<AnswerBody, Problem> {
        let mut body = AnswerBody {
            bytes: Vec::new(),
            share: None,
        };
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|error| Problem::bad_request(format!("the body could not be read: {error}")))?;
            self.add(&mut body, &chunk)?;
        }
        Ok(body)
    }

    fn add(&self, body: &mut AnswerBody, chunk: &[u8]) -> Result<(), Problem> {
        if body.bytes.len() + chunk.len() > self.largest {
            return Err(Problem::too_large("the answer is larger than receivers.max_body_bytes"));
        }
        let bytes = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
        let share = Arc::clone(&self.bytes).try_acquire_many_owned(bytes).map_err(|_| {
            let detail = "too many answers are coming in at this moment; send it again";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_answers", detail).retry_after(RETRY_AFTER)
        })?;
        match &mut body.share {
            Some(held) => held.merge(share),
            None => body.share = Some(share),
        }
        body.bytes.extend_from_slice(chunk);
        Ok(())
    }
}

impl AnswerBody {
    /// The bytes, and what gives their share back when it is dropped.
    pub(super) fn into_parts(self) -> (Vec<u8>, Option<OwnedSemaphorePermit>) {
        (self.bytes, self.share)
    }
}

/// Whether `text` can be read as a [`serde_json::Value`], found out without making one.
pub(super) fn is_json(text: &str) -> bool {
    serde_json::from_str::<Readable>(text).is_ok()
}

/// Any JSON that is no deeper than the parser goes, and whose numbers can be held.
struct Readable;

impl<'de> Deserialize<'de> for Readable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Readable {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self, A::Error> {
        while fields.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use serde_json::Value;

    use super::*;

    fn empty() -> AnswerBody {
        AnswerBody {
            bytes: Vec::new(),
            share: None,
        }
    }

    #[test]
    fn what_passes_is_what_can_be_read_later() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let (deep, too_deep) = (nested(127), nested(128));
        for text in [
            r#"{"a": [1, -2, 3.5, "b\u00e4\n", null, true], "c": {}}"#,
            "1e999",
            r#""\ud800""#,
            "{1: 2}",
            "[] []",
            "",
            &deep,
            &too_deep,
        ] {
            assert_eq!(is_json(text), serde_json::from_str::<Value>(text).is_ok(), "{text}");
        }
        assert!(is_json(&deep) && !is_json(&too_deep));
    }

    #[test]
    fn all_bodies_together_are_bounded_and_give_back_what_they_held() {
        let budget = AnswerBudget::new(10);
        let mut held: Vec<AnswerBody> = (0..LARGEST_AT_ONCE).map(|_| empty()).collect();
        for body in &mut held {
            budget.add(body, &[b'x'; 4]).unwrap();
            budget.add(body, &[b'x'; 6]).unwrap();
            assert!(budget.add(body, b"x").is_err(), "larger than one may be");
        }
        let mut next = empty();
        assert!(budget.add(&mut next, b"x").is_err());
        held.pop();
        budget.add(&mut next, &[b'x'; 10]).unwrap();
    }
}
