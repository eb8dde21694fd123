//! A client that another program generates from the description of the API drives the main job.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use batchdesk::simulators::load::LoadSite;
use support::daemon::Db;
use support::{list, skip, start};

/// The generator, where it is on the path, and the Python that it runs with.
fn generator() -> Option<(PathBuf, PathBuf)> {
    let directories = std::env::split_paths(&std::env::var_os("PATH")?).collect::<Vec<_>>();
    let found = |name: &str| {
        directories
            .iter()
            .map(|directory| directory.join(name))
            .find(|path| path.is_file())
    };
    let generator = found("openapi-python-client")?;
    // A generator in an environment of its own brings the libraries that its clients need.
    let beside = generator.with_file_name("python3");
    let python = if beside.is_file() { beside } else { found("python3")? };
    Some((generator, python))
}

fn run(program: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{}: {text}{}",
        program.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

#[tokio::test]
async fn a_generated_client_uploads_waits_and_exports() {
    let Some((generator, python)) = generator() else {
        skip("generated client", "openapi-python-client is not on the path");
        return;
    };
    let daemon = start(&Db::Sqlite);
    let site = LoadSite::start().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let (description, client, practices) = (
        directory.path().join("openapi.json"),
        directory.path().join("client"),
        directory.path().join("list.csv"),
    );
    std::fs::write(&description, daemon.api("").get("/openapi.json").await.expect(200).body).unwrap();
    std::fs::write(&practices, list(&site, 0..3)).unwrap();
    let token = daemon.token("member");
    let base_url = daemon.base_url().to_owned();
    // The site is served by this thread.
    let driven = tokio::task::spawn_blocking(move || {
        let [description, client, practices] = [description, client, practices].map(|path| path.display().to_string());
        run(
            &generator,
            &["generate", "--path", &description, "--output-path", &client],
        );
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/other/generated_client.py");
        run(&python, &[script, &client, &base_url, &token, &practices])
    });
    assert_eq!(driven.await.unwrap().trim(), "rows 3");
}
