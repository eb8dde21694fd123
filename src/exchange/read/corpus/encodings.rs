//! Byte order marks, UTF-16, legacy encodings, damage, NUL bytes.

use super::{Case, check, table};

const NAME_URL: &[&str] = &["name", "url"];
const CAFE: &[&[&str]] = &[&["Caf\u{e9}", "cafe.nz"]];
const TEXT: &str = "name,url\nCaf\u{e9},cafe.nz\n";

fn utf_16(mark: bool, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    mark.then_some(0xFEFF)
        .into_iter()
        .chain(TEXT.encode_utf16())
        .flat_map(bytes)
        .collect()
}

fn encoded(encoding: &'static encoding_rs::Encoding, text: &str) -> Vec<u8> {
    let (bytes, _, unmappable) = encoding.encode(text);
    assert!(!unmappable);
    bytes.into_owned()
}

fn cases() -> Vec<Case> {
    vec![
        table("UTF-8", TEXT, NAME_URL, "url", CAFE, 0),
        table("UTF-8 with a mark", format!("\u{feff}{TEXT}"), NAME_URL, "url", CAFE, 0),
        table(
            "a mark before a quote",
            "\u{feff}\"url\",a\nb.nz,1",
            &["url", "a"],
            "url",
            &[&["b.nz", "1"]],
            0,
        ),
        table(
            "a mark twice",
            format!("\u{feff}\u{feff}{TEXT}"),
            NAME_URL,
            "url",
            CAFE,
            0,
        ),
        table(
            "UTF-16LE with a mark",
            utf_16(true, u16::to_le_bytes),
            NAME_URL,
            "url",
            CAFE,
            0,
        ),
        table(
            "UTF-16BE with a mark",
            utf_16(true, u16::to_be_bytes),
            NAME_URL,
            "url",
            CAFE,
            0,
        ),
        table(
            "UTF-16LE without a mark",
            utf_16(false, u16::to_le_bytes),
            NAME_URL,
            "url",
            CAFE,
            0,
        ),
        table(
            "UTF-16BE without a mark",
            utf_16(false, u16::to_be_bytes),
            NAME_URL,
            "url",
            CAFE,
            0,
        ),
        table(
            "UTF-16 cut within a character",
            [utf_16(true, u16::to_le_bytes), vec![b'x']].concat(),
            NAME_URL,
            "url",
            &[&["Caf\u{e9}", "cafe.nz"], &["\u{fffd}"]],
            0,
        ),
        table("Windows-1252", b"name,url\nCaf\xE9,cafe.nz\n", NAME_URL, "url", CAFE, 0),
        table(
            "Windows-1252 header",
            b"website,r\xE9gion\ncafe.nz,\x80 5\n",
            &["website", "r\u{e9}gion"],
            "website",
            &[&["cafe.nz", "\u{20ac} 5"]],
            0,
        ),
        table(
            "Windows-1252 apostrophes",
            [b"name,url\n".to_vec(), b"O\x92Brien,obrien.nz\n".repeat(15)].concat(),
            NAME_URL,
            "url",
            &[&["O\u{2019}Brien", "obrien.nz"] as &[&str]; 15],
            0,
        ),
        table(
            "Windows-1252 in German",
            encoded(
                encoding_rs::WINDOWS_1252,
                "Firma;Webseite\nZahn\u{e4}rzte M\u{fc}ller & S\u{f6}hne;a.de\nStra\u{df}e f\u{fc}r \u{c4}rzte;b.de\nGr\u{fc}ner \
             \u{d6}lm\u{fc}hlenweg;c.de\n",
            ),
            &["Firma", "Webseite"],
            "Webseite",
            &[
                &["Zahn\u{e4}rzte M\u{fc}ller & S\u{f6}hne", "a.de"],
                &["Stra\u{df}e f\u{fc}r \u{c4}rzte", "b.de"],
                &["Gr\u{fc}ner \u{d6}lm\u{fc}hlenweg", "c.de"],
            ],
            0,
        ),
        table(
            "Windows-1251",
            encoded(
                encoding_rs::WINDOWS_1251,
                "Название;Сайт\nСтоматология на Тверской;a.ru\nДетская клиника;b.ru\n",
            ),
            &["Название", "Сайт"],
            "Сайт",
            &[&["Стоматология на Тверской", "a.ru"], &["Детская клиника", "b.ru"]],
            0,
        ),
        table(
            "damaged UTF-8",
            b"name,url\nCaf\xC3\xA9 \xE2\x80\x99 \xC3\xA9 bad\xFF,cafe.nz\n",
            NAME_URL,
            "url",
            &[&["Caf\u{e9} \u{2019} \u{e9} bad\u{fffd}", "cafe.nz"]],
            0,
        ),
        table(
            "NUL bytes",
            b"na\0me,url\nAc\0me\0\0,acme.nz\0\n",
            NAME_URL,
            "url",
            &[&["Acme", "acme.nz"]],
            0,
        ),
        table(
            "macrons and emoji",
            "name,url\nM\u{101}ori \u{1f9b7},maori.nz\n",
            NAME_URL,
            "url",
            &[&["M\u{101}ori \u{1f9b7}", "maori.nz"]],
            0,
        ),
        table(
            "a sep line after a mark",
            "\u{feff}sep=;\nname;url\nCaf\u{e9};cafe.nz\n",
            NAME_URL,
            "url",
            CAFE,
            0,
        ),
    ]
}

#[test]
fn encodings() {
    check(cases());
}

#[test]
fn the_encoding_and_the_damage_are_reported() {
    use super::{LIMITS, ReadOptions, inspect, is_url};
    let of = |bytes: &[u8]| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let inspection = inspect(file.path(), LIMITS, &ReadOptions::default(), &is_url).unwrap();
        (inspection.encoding.name(), inspection.replaced)
    };
    assert_eq!(of(TEXT.as_bytes()), ("UTF-8", 0));
    assert_eq!(of(b"name,url\nCaf\xE9,cafe.nz\n"), ("windows-1252", 0));
    assert_eq!(of(b"name,url\nCaf\xC3\xA9 \xC3\xA9 \xFF,cafe.nz\n"), ("UTF-8", 1));
    assert_eq!(of(&utf_16(false, u16::to_be_bytes)), ("UTF-16BE", 0));
}

#[test]
fn an_accent_far_below_the_head_still_counts() {
    use super::{LIMITS, ReadLimits, ReadOptions, inspect, is_url, rows};
    let limits = ReadLimits {
        max_rows: 100_000,
        ..LIMITS
    };
    let mut bytes = b"name,url\n".to_vec();
    bytes.extend(b"Plain,plain.nz\n".repeat(20_000));
    bytes.extend(b"Caf\xE9,cafe.nz\n");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let inspection = inspect(file.path(), limits, &ReadOptions::default(), &is_url).unwrap();
    assert_eq!(inspection.encoding.name(), "windows-1252");
    let last = rows(file.path(), limits, &inspection).unwrap().last().unwrap().unwrap();
    assert_eq!(
        (last.row_number, last.line, last.cells[0].as_str()),
        (20_001, 20_002, "Caf\u{e9}")
    );
}
