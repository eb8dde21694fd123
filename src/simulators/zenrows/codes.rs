//! Every code that ZenRows documents, and the bodies that it comes in.

use actix_web::http::StatusCode;
use serde_json::{Value, json};

/// Why a request got no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// No API key.
    Auth001,
    /// A key of the wrong form.
    Auth002,
    /// A key that is not known, or no longer.
    Auth003,
    /// The plan's usage is spent.
    Auth004,
    /// The subscription has expired.
    Auth005,
    /// More requests at once than the plan has.
    Auth006,
    /// Too many requests a second.
    Auth008,
    /// The email address was never verified.
    Auth009,
    /// The plan lacks a feature that was asked for.
    Auth010,
    /// No subscription.
    Auth011,
    /// The subscription does not cover the product.
    Auth012,
    /// Blocked for too many failing requests.
    Blk0001,
    /// A domain that may not be asked for.
    Reqs001,
    /// The domain needs JavaScript rendering, a premium proxy, or both.
    Reqs002,
    /// Bad parameters.
    Reqs004,
    /// The key of the captcha solver is bad.
    Reqs006,
    /// The content could not be had.
    Resp001,
    /// The target answered 404.
    Resp002,
    /// The page could not be parsed, as a 500.
    Resp003,
    /// The page could not be parsed, as a 502.
    Resp003BadGateway,
    /// A `css_extractor` that is none.
    Resp004,
    /// The page is larger than the plan allows.
    Resp005,
    /// A captcha was not solved.
    Resp006,
    /// The name of the target does not resolve.
    Resp007,
    /// The target cannot be had, now or later.
    Resp008,
    /// The time limit was over.
    Ctx0002,
    /// A failure without a code.
    Internal,
}

impl Code {
    /// All of them.
    pub const ALL: [Self; 27] = [
        Self::Auth001,
        Self::Auth002,
        Self::Auth003,
        Self::Auth004,
        Self::Auth005,
        Self::Auth006,
        Self::Auth008,
        Self::Auth009,
        Self::Auth010,
        Self::Auth011,
        Self::Auth012,
        Self::Blk0001,
        Self::Reqs001,
        Self::Reqs002,
        Self::Reqs004,
        Self::Reqs006,
        Self::Resp001,
        Self::Resp002,
        Self::Resp003,
        Self::Resp003BadGateway,
        Self::Resp004,
        Self::Resp005,
        Self::Resp006,
        Self::Resp007,
        Self::Resp008,
        Self::Ctx0002,
        Self::Internal,
    ];

    fn facts(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::Auth001 => (401, "AUTH001", "The apikey is missing"),
            Self::Auth002 => (401, "AUTH002", "The apikey has an invalid format"),
            Self::Auth003 => (401, "AUTH003", "The apikey is not known"),
            Self::Auth004 => (402, "AUTH004", "The usage of the plan is exceeded"),
            Self::Auth005 => (402, "AUTH005", "The subscription has expired"),
            Self::Auth006 => (429, "AUTH006", "The concurrency limit is reached"),
            Self::Auth008 => (429, "AUTH008", "The rate limit is exceeded"),
            Self::Auth009 => (403, "AUTH009", "The email address is not verified"),
            Self::Auth010 => (402, "AUTH010", "The feature is not included in the plan"),
            Self::Auth011 => (402, "AUTH011", "No active subscription was found"),
            Self::Auth012 => (402, "AUTH012", "The subscription does not include this product"),
            Self::Blk0001 => (403, "BLK0001", "Blocked for too many failing requests"),
            Self::Reqs001 => (400, "REQS001", "Requests to this domain are forbidden"),
            Self::Reqs002 => (400, "REQS002", "The domain needs js_render or premium_proxy"),
            Self::Reqs004 => (400, "REQS004", "The parameters are invalid"),
            Self::Reqs006 => (400, "REQS006", "The key of the captcha solver is invalid"),
            Self::Resp001 => (422, "RESP001", "The content could not be retrieved"),
            Self::Resp002 => (404, "RESP002", "The target was not found"),
            Self::Resp003 => (500, "RESP003", "The content could not be parsed"),
            Self::Resp003BadGateway => (502, "RESP003", "The content could not be parsed"),
            Self::Resp004 => (400, "RESP004", "The css_extractor is invalid"),
            Self::Resp005 => (413, "RESP005", "The response is too large"),
            Self::Resp006 => (424, "RESP006", "The captcha could not be solved"),
            Self::Resp007 => (404, "RESP007", "The domain name does not resolve"),
            Self::Resp008 => (400, "RESP008", "The target cannot be retrieved"),
            Self::Ctx0002 => (504, "CTX0002", "The time limit was exceeded"),
            Self::Internal => (500, "", "Internal server error"),
        }
    }

    /// The status that it comes with.
    pub fn status(self) -> u16 {
        self.facts().0
    }

    /// As ZenRows writes it; empty for a failure without a code.
    pub fn as_str(self) -> &'static str {
        self.facts().1
    }

    pub(super) fn http(self) -> StatusCode {
        StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Whether too many of these have the key banned: what a client that behaves does not cause.
    pub(super) fn counts_towards_a_ban(self) -> bool {
        matches!(self.status(), 400..=403 | 429) && self != Self::Blk0001
    }

    pub(super) fn body(self, form: ErrorBody, detail: &str) -> Value {
        let (status, code, title) = self.facts();
        match form {
            ErrorBody::Problem => json!({
                "code": code,
                "detail": detail,
                "instance": "/v1",
                "status": status,
                "title": format!("{title} ({code})"),
                "type": format!("https://docs.zenrows.com/api-error-codes#{code}"),
            }),
            ErrorBody::Older => json!({ "code": code, "message": format!("{title}. {detail}"), "status": status }),
        }
    }
}

/// The form of an error's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ErrorBody {
    /// `application/problem+json`, as the current service sends.
    #[default]
    Problem,
    /// `{code, message, status}`, as older descriptions have it.
    Older,
}

impl ErrorBody {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Problem => "application/problem+json",
            Self::Older => "application/json",
        }
    }
}
