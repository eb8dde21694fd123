//! What `docs/security.md` claims is held by tests that are there.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn is_file(path: &Path) -> bool {
    path.try_exists().unwrap()
}

#[test]
fn every_claim_names_a_test_that_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    sources(&root.join("tests"), &mut files);
    let code: String = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let claims = fs::read_to_string(root.join("docs/security.md")).unwrap();
    let rows: Vec<Vec<&str>> = claims
        .lines()
        .skip_while(|line| !line.starts_with("| claim |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    assert!(rows.len() > 20, "{rows:#?}");
    for row in rows {
        let (claim, told) = (row[1], row[3]);
        let names: Vec<&str> = told.split('`').skip(1).step_by(2).collect();
        assert!(
            !names.is_empty() || told.starts_with("the same"),
            "no test holds it to: {claim}"
        );
        for name in names {
            let is_there = match name.split(' ').collect::<Vec<_>>()[..] {
                ["--lib"] => true,
                ["--lib", module] => {
                    let file = root.join("src").join(module.replace("::", "/"));
                    is_file(&file.with_extension("rs")) || is_file(&file.join("mod.rs"))
                }
                ["--test", binary] | ["--test", binary, _] => {
                    let tests = root.join("tests");
                    is_file(&tests.join(format!("{binary}.rs"))) || is_file(&tests.join(binary).join("main.rs"))
                }
                [test] if test.starts_with('/') => true,
                [test] => code.contains(&format!("fn {test}(")),
                _ => false,
            };
            assert!(is_there, "'{name}' is no test, and should hold: {claim}");
        }
    }
}
