//! What templates can do besides what the engine brings along.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::{Environment, Error, ErrorKind};
use url::Url;

use super::placeholder::Placeholders;

pub(super) fn add(environment: &mut Environment<'static>, placeholders: &Placeholders) {
    environment.add_filter("b64encode", |text: &str| STANDARD.encode(text));
    environment.add_filter("b64decode", b64decode);
    environment.add_filter("fromjson", fromjson);
    environment.add_filter("host", host);
    let (secrets, users) = (placeholders.clone(), placeholders.clone());
    environment.add_function("secret", move |name: &str| {
        secrets.secret(name).ok_or_else(|| unusable("secret(NAME)"))
    });
    environment.add_function("basic_auth", move |user: &str, name: &str| {
        users
            .basic_auth(user, name)
            .ok_or_else(|| unusable("basic_auth(USER, NAME)"))
    });
}

fn unusable(what: &str) -> Error {
    Error::new(
        ErrorKind::InvalidOperation,
        format!("{what} takes the name of a secret: letters, digits, _ and -"),
    )
}

fn b64decode(text: &str) -> Result<String, Error> {
    STANDARD
        .decode(text)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "b64decode takes base64 of a text"))
}

fn fromjson(text: &str) -> Result<minijinja::Value, Error> {
    serde_json::from_str::<serde_json::Value>(text)
        .map(|value| minijinja::Value::from(minijinja::value::Serde(value)))
        .map_err(|_| Error::new(ErrorKind::InvalidOperation, "fromjson takes JSON"))
}

/// The host of an address.
fn host(address: &str) -> Result<String, Error> {
    Url::parse(address)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidOperation,
                "host takes an address such as https://a.example/",
            )
        })
}
