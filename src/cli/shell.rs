//! Command lines for people to copy.

use std::ffi::OsStr;

/// The argument as a POSIX shell reads it back.
pub fn quoted(argument: &OsStr) -> String {
    let text = argument.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,@%+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.into_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_shell_would_read_otherwise_is_quoted() {
        let quoted = |text: &str| quoted(OsStr::new(text));
        assert_eq!(quoted("out/list-1.csv"), "out/list-1.csv");
        assert_eq!(quoted("my list.csv"), "'my list.csv'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
        assert_eq!(
            quoted("postgres://me@host/db?a=b&c=d"),
            "'postgres://me@host/db?a=b&c=d'"
        );
    }
}
