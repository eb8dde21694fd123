//! Tokens of an outside issuer, with an issuer of the test's own.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use reqwest::Method;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

use crate::browser::JSON;
use crate::support::daemon::{Daemon, DaemonOptions, Db};

const SECRET: &str = "a secret of thirty-two bytes or more";
const ISSUER: &str = "https://abc.supabase.co/auth/v1";

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", encode(header.to_string()), encode(claims.to_string()))
}

fn with_secret(secret: &str, header: &Value, claims: &Value) -> String {
    let message = unsigned(header, claims);
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
    format!("{message}.{}", encode(ring::hmac::sign(&key, message.as_bytes())))
}

fn hs256(claims: &Value) -> String {
    with_secret(SECRET, &json!({ "alg": "HS256", "typ": "JWT" }), claims)
}

/// A key of the issuer's.
struct Key {
    kid: &'static str,
    pair: EcdsaKeyPair,
}

impl Key {
    fn new(kid: &'static str) -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        Self { kid, pair }
    }

    fn sign(&self, claims: &Value) -> String {
        let message = unsigned(&json!({ "alg": "ES256", "kid": self.kid, "typ": "JWT" }), claims);
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", encode(signature))
    }

    fn public(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let (x, y) = (encode(&point[1..33]), encode(&point[33..]));
        json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.kid, "x": x, "y": y })
    }
}

/// Serves a set of keys that can change, and counts how often it is asked.
struct Keys {
    url: String,
    set: Arc<Mutex<Value>>,
    asked: Arc<AtomicUsize>,
}

impl Keys {
    fn serve(set: Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let (set, asked) = (Arc::new(Mutex::new(set)), Arc::new(AtomicUsize::new(0)));
        let (served, counted) = (Arc::clone(&set), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 4096]);
                counted.fetch_add(1, Ordering::SeqCst);
                let body = served.lock().unwrap().to_string();
                let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
                let _ = write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len());
            }
        });
        Self { url, set, asked }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn start(database: &Db, config: &str) -> Daemon {
    Daemon::start(DaemonOptions {
        database: database.clone(),
        config_toml_extra: config.to_owned(),
        env: vec![("THE_JWT_SECRET".to_owned(), SECRET.to_owned())],
        ..DaemonOptions::default()
    })
}

fn claims(subject: &str, organisation: &str) -> Value {
    json!({
        "iss": ISSUER, "aud": "authenticated", "sub": subject, "exp": Utc::now().timestamp() + 600,
        "email": format!("{subject}@example.test"), "role": "authenticated",
        "app_metadata": { "org_id": organisation, "role": "member" },
    })
}

fn with(mut claims: Value, path: &str, value: Value) -> Value {
    match path.split_once('.') {
        Some((outer, inner)) => claims[outer][inner] = value,
        None => claims[path] = value,
    }
    claims
}

pub async fn tokens_of_an_issuer_are_accepted(database: Db) {
    let (first, second) = (Key::new("first"), Key::new("second"));
    let keys = Keys::serve(json!({ "keys": [first.public()] }));
    let jwt = format!(
        "[jwt]\nissuer = '{ISSUER}'\naudience = 'authenticated'\nsecret = 'env:THE_JWT_SECRET'\njwks_url = '{}'\n\
         [auth]\ntoken_cache_ms = 0\n",
        keys.url
    );
    let daemon = start(&database, &jwt);
    let operator = daemon.api(&daemon.token_in("House", "operator"));
    let example = daemon.api(&daemon.token("admin"));
    let organisation = example.get("/api/me").await.expect(200).json()["organisation"]["id"].clone();

    // By name and by id, with a secret and with a key: the same user.
    let by_name = daemon.api(&hs256(&claims("ann", "Example")));
    let me = by_name.get("/api/me").await.expect(200).json();
    assert_eq!(
        [&me["role"], &me["credential"], &me["user"]["issuer"]],
        [&json!("member"), &json!("issuer"), &json!(ISSUER)]
    );
    assert_eq!(
        [&me["user"]["email"], &me["organisation"]["id"]],
        [&json!("ann@example.test"), &organisation]
    );
    let by_id = daemon.api(&first.sign(&claims("ann", organisation.as_str().unwrap())));
    assert_eq!(
        by_id.get("/api/me").await.expect(200).json()["user"]["id"],
        me["user"]["id"]
    );
    by_id
        .post("/api/exclusions", &json!({ "identifiers": ["a.example"] }))
        .await
        .expect(403);

    // The role is the token's, never above the most that the settings let it give; without one, what the user has.
    let admin = with(claims("ann", "Example"), "app_metadata.role", json!("admin"));
    assert_eq!(
        daemon.api(&hs256(&admin)).get("/api/me").await.expect(200).json()["role"],
        "admin"
    );
    let operators = with(claims("ann", "Example"), "app_metadata.role", json!("operator"));
    assert_eq!(
        daemon.api(&hs256(&operators)).get("/api/me").await.expect(200).json()["role"],
        "admin"
    );
    let mut none = claims("bob", "Example");
    none["app_metadata"].as_object_mut().unwrap().remove("role");
    let bob = daemon.api(&hs256(&none));
    let bobs = bob.get("/api/me").await.expect(200).json();
    assert_eq!(bobs["role"], "viewer");
    let path = format!("/api/users/{}", bobs["user"]["id"].as_str().unwrap());
    let member = json!({ "role": "member" }).to_string();
    example.raw(Method::PATCH, &path, member, &[JSON]).await.expect(200);
    assert_eq!(bob.get("/api/me").await.expect(200).json()["role"], "member");
    example
        .raw(Method::PATCH, &path, json!({ "disabled": true }).to_string(), &[JSON])
        .await
        .expect(200);
    bob.get("/api/me").await.expect(401);
    // Who is removed does not come back as somebody new.
    let carol = daemon.api(&hs256(&claims("carol", "Example")));
    let carols = carol.get("/api/me").await.expect(200).json();
    let path = format!("/api/users/{}", carols["user"]["id"].as_str().unwrap());
    example.raw(Method::DELETE, &path, "", &[]).await.expect(204);
    carol.get("/api/me").await.expect(401);

    // An address that somebody here has opens no account of theirs.
    crate::browser::add_user(&daemon, "root@example.test", "operator", "House");
    let root = with(claims("mallory", "Example"), "email", json!("root@example.test"));
    let mallory = daemon.api(&hs256(&root)).get("/api/me").await.expect(200).json();
    assert_eq!(mallory["role"], "member");
    assert!(
        mallory["user"]["email"].as_str().unwrap().ends_with("@users.invalid"),
        "{mallory}"
    );

    // The same subject in another organisation is another user, and sees nothing of the first.
    operator
        .post("/api/organisations", &json!({ "name": "Other" }))
        .await
        .expect(201);
    let elsewhere = daemon
        .api(&hs256(&claims("ann", "Other")))
        .get("/api/me")
        .await
        .expect(200)
        .json();
    assert_ne!(elsewhere["user"]["id"], me["user"]["id"]);

    // Keys are kept; one that is not among them has them fetched again, though not each time.
    assert_eq!(keys.asked(), 1);
    for _ in 0..3 {
        daemon
            .api(&first.sign(&claims("ann", "Example")))
            .get("/api/me")
            .await
            .expect(200);
    }
    *keys.set.lock().unwrap() = json!({ "keys": [second.public()] });
    for _ in 0..5 {
        daemon
            .api(&second.sign(&claims("ann", "Example")))
            .get("/api/me")
            .await
            .expect(401);
    }
    assert_eq!(keys.asked(), 1, "within half a minute of the fetch before");
}

pub async fn tokens_that_are_not_right_are_refused(database: Db) {
    let (key, stranger) = (Key::new("first"), Key::new("first"));
    let keys = Keys::serve(json!({ "keys": [key.public()] }));
    let jwt = format!(
        "[jwt]\nissuer = '{ISSUER}'\naudience = 'authenticated'\nsecret = 'env:THE_JWT_SECRET'\njwks_url = '{}'\n",
        keys.url
    );
    let daemon = start(&database, &jwt);
    daemon.token("admin");
    let now = Utc::now().timestamp();
    let good = claims("ann", "Example");
    let mut no_expiry = good.clone();
    no_expiry.as_object_mut().unwrap().remove("exp");
    let mut no_subject = good.clone();
    no_subject.as_object_mut().unwrap().remove("sub");
    let mut no_audience = good.clone();
    no_audience.as_object_mut().unwrap().remove("aud");
    let public = key.public().to_string();
    let tokens = [
        (
            "another issuer",
            hs256(&with(good.clone(), "iss", json!("https://evil.example"))),
        ),
        ("another audience", hs256(&with(good.clone(), "aud", json!("anon")))),
        ("no audience", hs256(&no_audience)),
        ("expired", hs256(&with(good.clone(), "exp", json!(now - 120)))),
        (
            "an expiry that is text",
            hs256(&with(good.clone(), "exp", json!("9999999999"))),
        ),
        ("no expiry", hs256(&no_expiry)),
        ("not yet", hs256(&with(good.clone(), "nbf", json!(now + 600)))),
        (
            "a start that is text",
            hs256(&with(good.clone(), "nbf", json!("9999999999"))),
        ),
        ("no subject", hs256(&no_subject)),
        ("an organisation that is not there", hs256(&claims("ann", "Nowhere"))),
        (
            "a role that is none",
            hs256(&with(good.clone(), "app_metadata.role", json!("root"))),
        ),
        (
            "another secret",
            with_secret("another secret of many, many bytes", &json!({ "alg": "HS256" }), &good),
        ),
        (
            "a public key taken for a secret",
            with_secret(&public, &json!({ "alg": "HS256", "kid": "first" }), &good),
        ),
        ("another's key", stranger.sign(&good)),
        (
            "no algorithm",
            format!("{}.", unsigned(&json!({ "alg": "none" }), &good)),
        ),
        (
            "an algorithm that is not taken",
            with_secret(SECRET, &json!({ "alg": "HS512" }), &good),
        ),
        (
            "a key that is not the algorithm's",
            with_secret(SECRET, &json!({ "alg": "RS256", "kid": "first" }), &good),
        ),
        (
            "too long",
            hs256(&with(good.clone(), "filler", json!("x".repeat(20_000)))),
        ),
        ("nonsense", "a.b.c".to_owned()),
    ];
    for (what, token) in tokens {
        let answer = daemon.api(&token).get("/api/me").await;
        assert_eq!(answer.status.as_u16(), 401, "{what}: {}", answer.text());
        assert_eq!(answer.json()["code"], "unauthorized", "{what}");
    }
    daemon.api(&hs256(&good)).get("/api/me").await.expect(200);
    daemon.api(&key.sign(&good)).get("/api/me").await.expect(200);
    assert!(!daemon.log().contains(SECRET));
}

#[tokio::test]
async fn a_secret_that_can_be_guessed_is_refused_at_the_start() {
    let options = DaemonOptions {
        config_toml_extra: format!("[jwt]\nissuer = '{ISSUER}'\nsecret = 'env:THE_JWT_SECRET'\n"),
        env: vec![("THE_JWT_SECRET".to_owned(), "hunter2".to_owned())],
        ..DaemonOptions::default()
    };
    let mut daemon = Daemon::spawn(options);
    assert!(!daemon.wait_exit().success());
    let log = daemon.log();
    assert!(log.contains("32 bytes") && !log.contains("hunter2"), "{log}");
}
