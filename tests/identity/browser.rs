//! A browser as far as it matters here: it keeps cookies and says from where it sends.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::api::{Answer, Api};
use crate::support::daemon::Daemon;

pub const JSON: (&str, &str) = ("content-type", "application/json");
pub const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
pub const SAME_ORIGIN: (&str, &str) = ("sec-fetch-site", "same-origin");

pub struct Browser {
    api: Api,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    pub fn of(daemon: &Daemon) -> Self {
        Self {
            api: daemon.api(""),
            cookies: BTreeMap::new(),
        }
    }

    /// One that has signed in.
    pub async fn signed_in(daemon: &Daemon, email: &str, password: &str) -> Self {
        let mut browser = Self::of(daemon);
        browser.sign_in(email, password).await.expect(201);
        browser
    }

    pub async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.post("/api/session", &body).await
    }

    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, "", &[]).await
    }

    pub async fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, &body.to_string(), &[JSON, SAME_ORIGIN])
            .await
    }

    pub async fn delete(&mut self, path: &str) -> Answer {
        self.send(Method::DELETE, path, "", &[SAME_ORIGIN]).await
    }

    /// Sends nothing but what is said here, and the cookies.
    pub async fn send(&mut self, method: Method, path: &str, body: &str, headers: &[(&str, &str)]) -> Answer {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let cookies = cookies.join("; ");
        let mut headers = headers.to_vec();
        if !cookies.is_empty() {
            headers.push(("cookie", &cookies));
        }
        let answer = self.api.raw(method, path, body, &headers).await;
        for line in answer.headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            assert!(line.contains("; HttpOnly") && line.contains("; SameSite=Lax"), "{line}");
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

/// A user with a password; made beside the daemon.
pub fn add_user(daemon: &Daemon, email: &str, role: &str, organisation: &str) {
    let arguments = [
        "user",
        "add",
        "--email",
        email,
        "--role",
        role,
        "--organisation",
        organisation,
        "--password-stdin",
    ];
    daemon.command_line(&arguments, &format!("{}\n", crate::PASSWORD));
}
