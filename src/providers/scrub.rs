//! Takes secrets out of texts that others wrote: a provider may send back what it was sent.

use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};

/// Shorter secrets are looked for as they are only: their other forms would be found everywhere.
const LEAST_FOR_FORMS: usize = 6;
/// A form shorter than this is no trace of anything.
const SHORTEST_FORM: usize = 4;

/// One secret in all the forms that it may come back in.
pub(super) struct Traces {
    shown: String,
    /// The longest first, so that no form is cut by a shorter one within it.
    forms: Vec<SecretString>,
}

impl Traces {
    pub(super) fn new(name: &str, secret: &str) -> Self {
        let mut forms = vec![secret.to_owned()];
        if secret.len() >= LEAST_FOR_FORMS {
            forms.extend([
                percent(secret, false),
                percent(secret, true),
                url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
                json_inner(secret),
                html(secret),
                secret.bytes().map(|byte| format!("{byte:02x}")).collect(),
            ]);
            forms.extend(base64_forms(secret.as_bytes()));
        }
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms.dedup();
        forms.retain(|form| form == secret || form.len() >= SHORTEST_FORM);
        Self {
            shown: format!("***{name}***"),
            forms: forms.into_iter().map(SecretString::from).collect(),
        }
    }

    fn scrub(&self, text: String) -> String {
        self.forms.iter().fold(text, |text, form| {
            let form = form.expose_secret();
            if !form.is_empty() && text.contains(form) {
                text.replace(form, &self.shown)
            } else {
                text
            }
        })
    }
}

/// Takes out all secrets of `traces`.
pub(super) fn scrub<'a>(traces: impl IntoIterator<Item = &'a Arc<Traces>>, text: String) -> String {
    traces.into_iter().fold(text, |text, traces| traces.scrub(text))
}

fn percent(text: &str, small: bool) -> String {
    let mut encoded = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else if small {
            encoded.push_str(&format!("%{byte:02x}"));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

fn json_inner(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Base64 of the secret wherever it may stand in what was encoded (`user:secret`): the three ways that its bits can
/// fall, without the characters at the ends that depend on its neighbours.
fn base64_forms(secret: &[u8]) -> Vec<String> {
    let mut forms = Vec::new();
    for alphabet in [&alphabet::STANDARD, &alphabet::URL_SAFE] {
        let engine = GeneralPurpose::new(alphabet, NO_PAD);
        for before in 0..3_usize {
            let mut bytes = vec![0; before];
            bytes.extend_from_slice(secret);
            let encoded = engine.encode(&bytes);
            let skipped = [0, 2, 3][before];
            // The last character holds bits of what follows unless the secret ends on a group.
            let kept = bytes.len() * 8 / 6;
            forms.push(encoded[skipped..kept.min(encoded.len())].to_owned());
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    fn scrubbed(secret: &str, text: &str) -> String {
        scrub([&Arc::new(Traces::new("KEY", secret))], text.to_owned())
    }

    #[test]
    fn every_common_form_is_found() {
        let secret = "s3cr&t \"/k+y?";
        for text in [
            format!("key={secret}!"),
            format!("u?k={}", percent(secret, true)),
            format!("u?k={}", percent(secret, false)),
            "u?k=s3cr%26t+%22%2Fk%2By%3F".to_owned(),
            serde_json::json!({ "k": secret }).to_string(),
            STANDARD.encode(secret),
            STANDARD.encode(format!("user:{secret}")),
            STANDARD.encode(format!("user1:{secret}:x")),
            STANDARD.encode(format!("user12:{secret}yy")),
            URL_SAFE_NO_PAD.encode(format!("u:{secret}")),
        ] {
            let clean = scrubbed(secret, &text);
            assert!(clean.contains("***KEY***"), "{text}: {clean}");
        }
        assert_eq!(scrubbed("abc", "xabcx"), "x***KEY***x");
    }

    proptest! {
        #[test]
        fn nothing_of_a_secret_stays(secret in "[ -~]{6,40}", before in "[a-z ]{0,9}", after in "[a-z ]{0,9}") {
            prop_assume!(!"***KEY***".contains(secret.as_str()));
            let forms = [
                format!("{before}{secret}{after}"),
                format!("{before}{}{after}", percent(&secret, false)),
                format!("{before}{}{after}", json_inner(&secret)),
            ];
            for text in forms {
                prop_assert!(scrubbed(&secret, &text).contains("***KEY***"));
            }
            let encoded = STANDARD.encode(format!("{before}{secret}{after}"));
            prop_assert!(scrubbed(&secret, &encoded).contains("***KEY***"), "{}", encoded);
        }
    }
}
