//! Errors in PostgREST's form, with the status that it gives to each code.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::json;

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) code: String,
    message: String,
    details: Option<String>,
    hint: Option<String>,
}

impl Problem {
    pub(super) fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            details: None,
            hint: None,
        }
    }

    pub(super) fn details(mut self, details: impl Into<String>) -> Self {
        self.details = Some(details.into());
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A failure that was asked for.
    pub(super) fn on_request(code: &str) -> Self {
        let message = match code {
            "42P01" => "relation does not exist",
            "42501" => "permission denied",
            "40001" => "could not serialize access due to concurrent update",
            "57014" => "canceling statement due to statement timeout",
            "53300" => "sorry, too many clients already",
            _ if code.starts_with("08") => "connection to server was lost",
            _ => "the request failed",
        };
        Self::new(code, message)
    }

    pub(super) fn response(&self, authenticated: bool) -> HttpResponse {
        HttpResponse::build(status(&self.code, authenticated)).json(json!({
            "code": self.code,
            "details": self.details,
            "hint": self.hint,
            "message": self.message,
        }))
    }
}

/// The status of a code, of PostgreSQL's or of PostgREST's own.
fn status(code: &str, authenticated: bool) -> StatusCode {
    let number = match code {
        "42501" if authenticated => 403,
        "42501" => 401,
        "23503" | "23505" => 409,
        "25006" => 405,
        "42883" | "42P01" => 404,
        "53400" | "42P17" | "21000" => 500,
        "P0001" => 400,
        "PGRST000" | "PGRST001" | "PGRST002" => 503,
        "PGRST003" => 504,
        "PGRST103" => 416,
        "PGRST106" | "PGRST116" => 406,
        "PGRST107" => 415,
        "PGRST101" | "PGRST105" | "PGRST117" => 405,
        "PGRST202" | "PGRST205" => 404,
        "PGRST301" | "PGRST302" => 401,
        "PGRST300" => 500,
        _ if code.starts_with("PGRSTX") => 500,
        _ => match code.get(..2) {
            Some("08" | "53") => 503,
            Some("0L" | "0P" | "28") => 403,
            Some(
                "09" | "25" | "2D" | "38" | "39" | "3B" | "40" | "54" | "55" | "57" | "58" | "F0" | "HV" | "P0" | "XX",
            ) => 500,
            _ => 400,
        },
    };
    StatusCode::from_u16(number).unwrap_or(StatusCode::BAD_REQUEST)
}

#[cfg(test)]
mod tests {
    use super::status;

    #[test]
    fn every_class_has_its_status() {
        for (code, expected) in [
            ("08006", 503),
            ("53300", 503),
            ("53400", 500),
            ("28P01", 403),
            ("40001", 500),
            ("57014", 500),
            ("22P02", 400),
            ("23502", 400),
            ("23505", 409),
            ("42P01", 404),
            ("PGRST003", 504),
            ("PGRST204", 400),
            ("PGRST205", 404),
        ] {
            assert_eq!(status(code, true).as_u16(), expected, "{code}");
        }
        assert_eq!(
            (status("42501", true).as_u16(), status("42501", false).as_u16()),
            (403, 401)
        );
    }
}
