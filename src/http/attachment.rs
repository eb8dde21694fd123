//! What a download is called (RFC 6266), after the file that somebody sent.

use actix_web::http::header::{Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue};
use entity::Id;

/// Endings that say what the file was, which the new one no longer is.
const ENDINGS: [&str; 9] = ["csv", "tsv", "tab", "txt", "xlsx", "xlsm", "xls", "ods", "json"];

/// The most bytes of a name without its ending. File systems allow 255 for all of it, and some double what is not ASCII.
const STEM_BYTES: usize = 120;

/// `Content-Disposition` with the name of the file that came in and another ending, or with the id where no name is left.
///
/// A name that is not ASCII goes into `filename*`; `filename` is then for those who do not know that.
pub fn attachment(original: Option<&str>, id: Id, extension: &str) -> ContentDisposition {
    let stem = original.map(stem).filter(|stem| !stem.is_empty());
    let stem = stem.unwrap_or_else(|| id.to_string());
    let plain = plain(&stem).unwrap_or_else(|| id.to_string());
    let mut parameters = vec![DispositionParam::Filename(format!("{plain}.{extension}"))];
    if plain != stem {
        parameters.push(DispositionParam::FilenameExt(ExtendedValue {
            charset: Charset::Ext("UTF-8".to_owned()),
            language_tag: None,
            value: format!("{stem}.{extension}").into_bytes(),
        }));
    }
    ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters,
    }
}

/// The name without directories, ending, and what a file system or a reader's eye would stumble over.
fn stem(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = match name.rsplit_once('.') {
        Some((stem, ending)) if ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)) => stem,
        _ => name,
    };
    let mut clean = String::new();
    for letter in stem.chars().filter(|letter| !is_unseen(*letter)) {
        let letter = if "<>:\"|?*".contains(letter) { '_' } else { letter };
        if clean.len() + letter.len_utf8() > STEM_BYTES {
            break;
        }
        clean.push(letter);
    }
    clean
        .trim_matches(|letter: char| letter.is_whitespace() || letter == '.')
        .to_owned()
}

/// Control characters, and those that only steer how others are shown: by these `exe.csv` can be made to look harmless.
fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The name in ASCII, if enough of it is left to know it by. Some take `%` for the start of an escape.
fn plain(stem: &str) -> Option<String> {
    let letter = |letter: char| {
        if letter.is_ascii() && letter != '%' {
            letter
        } else {
            '_'
        }
    };
    let plain: String = stem.chars().map(letter).collect();
    plain
        .contains(|letter: char| letter.is_ascii_alphanumeric())
        .then_some(plain)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    const ID: &str = "0199f0d2-0000-7000-8000-000000000000";

    fn header(name: Option<&str>) -> String {
        attachment(name, ID.parse().unwrap(), "xlsx").to_string()
    }

    #[test]
    fn the_name_that_came_in_gets_the_new_ending() {
        for (name, expected) in [
            ("practices.csv", "practices"),
            ("Spring list.XLSX", "Spring list"),
            ("Dr. Smith", "Dr. Smith"),
            ("list v1.2", "list v1.2"),
            ("archive.tar.csv", "archive.tar"),
            (r"C:\lists\north.csv", "north"),
            ("../../etc/passwd", "passwd"),
            ("a:b<c>|d?.csv", "a_b_c__d_"),
            (" .hidden. .csv", "hidden"),
            ("one\r\ntwo\0.csv", "onetwo"),
        ] {
            assert_eq!(
                header(Some(name)),
                format!("attachment; filename=\"{expected}.xlsx\""),
                "{name:?}"
            );
        }
    }

    #[test]
    fn other_scripts_go_into_the_extended_parameter() {
        assert_eq!(
            header(Some("Zahnärzte.csv")),
            "attachment; filename=\"Zahn_rzte.xlsx\"; filename*=UTF-8''Zahn%C3%A4rzte.xlsx"
        );
        assert_eq!(
            header(Some("100% north.csv")),
            "attachment; filename=\"100_ north.xlsx\"; filename*=UTF-8''100%25%20north.xlsx"
        );
        assert_eq!(
            header(Some("歯科.csv")),
            format!("attachment; filename=\"{ID}.xlsx\"; filename*=UTF-8''%E6%AD%AF%E7%A7%91.xlsx")
        );
        assert_eq!(
            header(Some("\u{202e}vsc.exe.csv")),
            "attachment; filename=\"vsc.exe.xlsx\""
        );
    }

    #[test]
    fn without_a_name_the_id_is_the_name() {
        for name in [
            None,
            Some(""),
            Some(".csv"),
            Some("..."),
            Some("lists/"),
            Some("\u{200b}.csv"),
        ] {
            assert_eq!(header(name), format!("attachment; filename=\"{ID}.xlsx\""), "{name:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let header = header(Some(&"é".repeat(500)));
        assert!(
            header.ends_with(&format!("UTF-8''{}.xlsx", "%C3%A9".repeat(60))),
            "{header}"
        );
    }
}
