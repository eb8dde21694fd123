//! Texts whose bytes an editor would mend: encodings, NUL bytes, lone carriage returns.

use std::fmt::Write as _;

use encoding_rs::{BIG5, EUC_KR, Encoding, GBK, MACINTOSH, SHIFT_JIS, WINDOWS_1251, WINDOWS_1252};

use super::Sent;

const TABLE: &str = "Name,Website,City\r\nCafé Dental,cafe.co.nz,Ōrewa\r\nBay,bay.co.nz,Tauranga\r\n";

fn utf_16(text: &str, unit: fn(u16) -> [u8; 2], mark: bool) -> Vec<u8> {
    let mark = mark.then_some(0xFEFF);
    mark.into_iter().chain(text.encode_utf16()).flat_map(unit).collect()
}

fn in_encoding(encoding: &'static Encoding, text: &str) -> Vec<u8> {
    let (bytes, _, unmappable) = encoding.encode(text);
    assert!(!unmappable, "{text}");
    bytes.into_owned()
}

/// As a customer database exports an account with every field that anyone has ever added.
fn two_hundred_columns() -> String {
    let mut text = String::new();
    let custom = |number: usize| format!("Custom_Field_{number}__c");
    let columns = |number: usize| match number {
        0 => "Id".to_owned(),
        1 => "Name".to_owned(),
        57 => "Website".to_owned(),
        58 => "Website_Status__c".to_owned(),
        120 => "Facebook_URL__c".to_owned(),
        121 => "Logo_URL__c".to_owned(),
        number => custom(number),
    };
    let header: Vec<String> = (0..200).map(|number| format!("\"{}\"", columns(number))).collect();
    writeln!(text, "{}", header.join(",")).unwrap();
    for row in 0..25 {
        let cells: Vec<String> = (0..200)
            .map(|number| match (number, row) {
                (0, _) => format!("\"0015g00000{row:03}AAA\""),
                (57, 7) => "\"\"".to_owned(),
                (57, 11) => "\"n/a\"".to_owned(),
                (57, _) => format!("\"https://www.account-{row}.com/\""),
                (58, _) => "\"Live\"".to_owned(),
                (120, _) => format!("\"https://facebook.com/account{row}\""),
                (121, _) => format!("\"https://cdn.example.com/{row}.png\""),
                (number, _) if number % 9 == 0 => format!("\"{row},{number}\""),
                _ => "\"\"".to_owned(),
            })
            .collect();
        writeln!(text, "{}", cells.join(",")).unwrap();
    }
    text
}

pub(super) fn sent() -> Vec<Sent> {
    let french =
        "Nom;Site web;Ville\r\nCabinet Bézier;bezier.fr;Évry\r\nL’Étoile;etoile.fr;Nîmes\r\nCôté Mer;;Sète\r\n";
    let german = "Firma\rMüller & Söhne,www.mueller.de\rGroß,gross.de\r".replace("Firma\r", "Firma,Webseite\r");
    let japanese = "医院名,住所,ホームページ\r\n青空歯科医院,東京都千代田区丸の内一丁目,https://aozora.example.jp\r\n\
                    桜台クリニック,大阪府大阪市北区梅田,sakuradai.example.jp\r\n";
    vec![
        Sent::new("salesforce-200-columns.csv", two_hundred_columns()),
        Sent::new("utf-16-le-with-a-mark.csv", utf_16(TABLE, u16::to_le_bytes, true)),
        Sent::new("utf-16-be-with-a-mark.csv", utf_16(TABLE, u16::to_be_bytes, true)),
        Sent::new("utf-16-le-without-a-mark.csv", utf_16(TABLE, u16::to_le_bytes, false)),
        Sent::new("utf-16-be-without-a-mark.csv", utf_16(TABLE, u16::to_be_bytes, false)),
        Sent::new(
            "unicode-text-of-excel.txt",
            utf_16(&TABLE.replace(',', "\t"), u16::to_le_bytes, true),
        ),
        Sent::new("windows-1252-french.csv", in_encoding(WINDOWS_1252, french)),
        Sent::new(
            "windows-1252-blanks.csv",
            b"Name,Website\r\nCaf\xE9,cafe.com\r\n\xA0,\xA0\r\n\x81\r\nBay,bay.com\xA0\r\n",
        ),
        Sent::new(
            "shift-jis-pipes.txt",
            in_encoding(
                SHIFT_JIS,
                "名前|ウェブサイト|都市\r\nポプラ歯科|poplar.example.jp|ポートアイランド\r\n　|　|　\r\nソレイユ歯科|soleil.example.jp|ソウル\r\n",
            ),
        ),
        Sent::new("macintosh-of-excel.csv", in_encoding(MACINTOSH, &german)),
        Sent::new("shift-jis.csv", in_encoding(SHIFT_JIS, japanese)),
        Sent::new(
            "gbk.csv",
            in_encoding(
                GBK,
                "名称,网址,城市\r\n北京口腔医院有限公司,https://kouqiang.example.cn,北京\r\n上海齿科诊所,chike.example.cn,上海市浦东新区\r\n",
            ),
        ),
        Sent::new(
            "big5.csv",
            in_encoding(
                BIG5,
                "名稱,網址,城市\r\n臺北牙醫診所,https://yayi.example.tw,臺北市信義區\r\n高雄微笑牙科,smile.example.tw,高雄市前鎮區\r\n",
            ),
        ),
        Sent::new(
            "euc-kr.csv",
            in_encoding(
                EUC_KR,
                "이름,홈페이지,도시\r\n서울치과의원,https://seoul.example.kr,서울특별시\r\n부산미소치과,miso.example.kr,부산광역시 해운대구\r\n",
            ),
        ),
        Sent::new(
            "windows-1251.csv",
            in_encoding(
                WINDOWS_1251,
                "Название;Сайт;Город\r\nСтоматология на Тверской;tverskaya.ru;Москва\r\nДетская клиника;detskaya.ru;Казань\r\n",
            ),
        ),
        Sent::new(
            "damaged-utf-8.csv",
            b"Name,Website\nCaf\xC3\xA9,cafe.com\nM\xC4\x81ori \xE2\x80\x93 \xC3,marae.nz\nB\xFFy,bay.com\n",
        ),
        Sent::new(
            "nul-padded.csv",
            b"Name\0,Website\r\nAcme Dental\0\0,acme.com\0\r\nBeta Dental\0\0,\0\r\n",
        ),
        Sent::new("end-of-file-of-dos.csv", b"Name,Website\r\nAcme,acme.com\r\n\x1A"),
        Sent::new("only-a-mark.csv", b"\xEF\xBB\xBF"),
        Sent::new(
            "noise.csv",
            (0..2_000_u32).map(|n| ((n * n * 31) >> 3) as u8).collect::<Vec<u8>>(),
        ),
        Sent::new("list.pdf", b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\n"),
        Sent::new(
            "list.csv.gz",
            b"\x1F\x8B\x08\x08\0\0\0\0\0\x03list.csv\0\x4b\x2c\x4e\xe1\x02\0",
        ),
    ]
}
