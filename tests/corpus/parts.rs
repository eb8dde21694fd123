//! Workbooks put together part by part: as other programs than Excel write them, and damaged ones.

use std::io::{Cursor, Write};

use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::Sent;
use super::workbooks::saved;

const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/// A ZIP archive of these parts.
pub(super) fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, content) in parts {
        // OpenDocument wants its kind to be legible without unpacking.
        let options = match *name {
            "mimetype" => options.compression_method(CompressionMethod::Stored),
            _ => options,
        };
        writer.start_file(*name, options).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The parts of a workbook with one sheet; each can be replaced.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) types: String,
    pub(super) package: String,
    pub(super) workbook: String,
    pub(super) relationships: String,
    pub(super) sheet: String,
    pub(super) more: Vec<(String, String)>,
}

impl Parts {
    /// `rows` is what stands between `<sheetData>` and its end.
    pub(super) fn of(rows: &str) -> Self {
        Self {
            types: "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>".to_owned(),
            package: format!(
                "<Relationships><Relationship Id=\"rId1\" Type=\"{OFFICE}/officeDocument\" Target=\"xl/workbook.xml\"/>\
                 </Relationships>"
            ),
            workbook: "<workbook><sheets><sheet name=\"Sheet1\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
                .to_owned(),
            relationships: format!(
                "<Relationships><Relationship Id=\"rId1\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
                 <Relationship Id=\"rId2\" Type=\"{OFFICE}/sharedStrings\" Target=\"sharedStrings.xml\"/>\
                 <Relationship Id=\"rId3\" Type=\"{OFFICE}/styles\" Target=\"styles.xml\"/></Relationships>"
            ),
            sheet: format!("<worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData></worksheet>"),
            more: Vec::new(),
        }
    }

    pub(super) fn with(mut self, name: &str, content: impl Into<String>) -> Self {
        self.more.push((name.to_owned(), content.into()));
        self
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut parts = vec![
            ("[Content_Types].xml", self.types.as_str()),
            ("_rels/.rels", &self.package),
            ("xl/workbook.xml", &self.workbook),
            ("xl/_rels/workbook.xml.rels", &self.relationships),
            ("xl/worksheets/sheet1.xml", &self.sheet),
        ];
        parts.extend(
            self.more
                .iter()
                .map(|(name, content)| (name.as_str(), content.as_str())),
        );
        archive(&parts)
    }
}

/// Cells with their text in place.
pub(super) fn inline(rows: &[&[&str]]) -> String {
    let cell = |text: &&str| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let row = |cells: &&[&str]| format!("<row>{}</row>", cells.iter().map(cell).collect::<String>());
    rows.iter().map(row).collect()
}

const LIST: &[&[&str]] = &[
    &["Name", "Website"],
    &["Acme", "acme.com"],
    &["Beta", "https://beta.com/?a=1&amp;b=2"],
];

fn shared(strings: &[&str]) -> String {
    let strings: String = strings
        .iter()
        .map(|string| format!("<si><t xml:space=\"preserve\">{string}</t></si>"))
        .collect();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n<sst xmlns=\"{MAIN}\">{strings}</sst>")
}

fn other_programs() -> Vec<Sent> {
    let libre_office = Parts {
        sheet: format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<worksheet xmlns=\"{MAIN}\"><sheetPr filterMode=\"false\"/>\
             <dimension ref=\"A1:C3\"/><sheetViews><sheetView/></sheetViews><cols><col min=\"1\" max=\"3\"/></cols><sheetData>\
             <row r=\"1\" customFormat=\"false\" ht=\"12.8\"><c r=\"A1\" s=\"0\" t=\"s\"><v>0</v></c><c r=\"B1\" s=\"0\" t=\"s\"><v>1</v></c>\
             <c r=\"C1\" s=\"0\" t=\"s\"><v>2</v></c></row>\
             <row r=\"2\"><c r=\"A2\" s=\"0\" t=\"s\"><v>3</v></c><c r=\"B2\" s=\"0\" t=\"s\"><v>4</v></c>\
             <c r=\"C2\" s=\"1\" t=\"n\"><v>46082</v></c></row>\
             <row r=\"3\"><c r=\"A3\" s=\"0\" t=\"s\"><v>5</v></c><c r=\"B3\" s=\"0\" t=\"str\"><f aca=\"false\">LOWER(A3)</f><v>beta.com</v></c>\
             <c r=\"C3\" s=\"1\" t=\"n\"><v>46083.5</v></c></row></sheetData><mergeCells count=\"0\"/></worksheet>"
        ),
        ..Parts::of("")
    }
    .with("xl/sharedStrings.xml", shared(&["Name", "Website", "Joined", "Acme &amp; Co", "acme.com", "BETA.com "]))
    .with(
        "xl/styles.xml",
        format!(
            "<styleSheet xmlns=\"{MAIN}\"><numFmts count=\"1\"><numFmt numFmtId=\"164\" formatCode=\"DD/MM/YYYY\"/></numFmts>\
             <cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs><cellXfs count=\"2\"><xf numFmtId=\"0\"/>\
             <xf numFmtId=\"164\"><alignment/></xf></cellXfs></styleSheet>"
        ),
    );
    let google = Parts {
        sheet: format!(
            "<worksheet xmlns=\"{MAIN}\"><sheetData><row r=\"1\"><c r=\"A1\" s=\"1\" t=\"s\"><v>0</v></c><c r=\"B1\" s=\"1\" t=\"s\"><v>1</v></c></row>\
             <row r=\"2\"><c r=\"A2\" s=\"1\" t=\"s\"><v>2</v></c><c r=\"B2\" s=\"2\" t=\"s\"><v>3</v></c></row>\
             <row r=\"3\"><c r=\"A3\" s=\"1\" t=\"s\"><v>4</v></c><c r=\"B3\" s=\"2\"><f>HYPERLINK(\"https://beta.com\",\"site\")</f><v>site</v></c></row>\
             <row r=\"4\"><c r=\"A4\" s=\"1\" t=\"s\"><v>5</v></c><c r=\"B4\" s=\"1\" t=\"e\"><v>#ERROR!</v></c></row>\
             {}</sheetData><hyperlinks><hyperlink r:id=\"rId1\" ref=\"B2\"/></hyperlinks><drawing r:id=\"rId2\"/></worksheet>",
            (5..1000).map(|row| format!("<row r=\"{row}\"><c r=\"A{row}\" s=\"1\"/><c r=\"Z{row}\" s=\"1\"/></row>")).collect::<String>()
        ),
        ..Parts::of("")
    }
    .with("xl/sharedStrings.xml", shared(&["Practice", "Link to site", "Acme", "acme dental", "Beta", "Gamma"]))
    .with(
        "xl/worksheets/_rels/sheet1.xml.rels",
        format!(
            "<Relationships><Relationship Id=\"rId1\" Type=\"{OFFICE}/hyperlink\" Target=\"https://acme.com/\" TargetMode=\"External\"/>\
             <Relationship Id=\"rId2\" Type=\"{OFFICE}/drawing\" Target=\"../drawings/drawing1.xml\"/></Relationships>"
        ),
    );
    let prefixed = Parts {
        workbook: format!(
            "<x:workbook xmlns:x=\"{MAIN}\"><x:sheets><x:sheet name=\"Export\" sheetId=\"1\" r:id=\"rId1\"/></x:sheets></x:workbook>"
        ),
        sheet: format!(
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><x:worksheet xmlns:x=\"{MAIN}\"><x:sheetData><x:row><x:c t=\"str\"><x:v>Name</x:v></x:c>\
             <x:c t=\"str\"><x:v>Website</x:v></x:c></x:row><x:row><x:c t=\"str\"><x:v>Acme &lt;Dental&gt;</x:v></x:c>\
             <x:c t=\"str\"><x:v>acme.com</x:v></x:c></x:row></x:sheetData></x:worksheet>"
        ),
        ..Parts::of("")
    };
    let absolute = Parts {
        package: format!(
            "<Relationships><Relationship Id=\"r\" Type=\"{OFFICE}/officeDocument\" Target=\"/xl/workbook.xml\"/></Relationships>"
        ),
        relationships: format!(
            "<Relationships><Relationship Id=\"rId1\" Type=\"{OFFICE}/worksheet\" Target=\"/xl/worksheets/Sheet1.xml\"/></Relationships>"
        ),
        ..Parts::of(&inline(LIST))
    };
    let strict = Parts {
        package: "<Relationships><Relationship Id=\"r\" Type=\"http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument\" \
                  Target=\"xl/workbook.xml\"/></Relationships>"
            .to_owned(),
        relationships: "<Relationships><Relationship Id=\"rId1\" \
                        Type=\"http://purl.oclc.org/ooxml/officeDocument/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
                        </Relationships>"
            .to_owned(),
        ..Parts::of(
            "<row><c t=\"inlineStr\"><is><t>Website</t></is></c><c t=\"inlineStr\"><is><t>Joined</t></is></c></row>\
             <row><c t=\"inlineStr\"><is><t>acme.com</t></is></c><c t=\"d\"><v>2026-03-01T09:30:00</v></c></row>",
        )
    };
    let from_1904 = Parts {
        workbook: "<workbook><workbookPr date1904=\"1\"/><sheets><sheet name=\"Liste\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>".to_owned(),
        ..Parts::of(
            "<row><c t=\"inlineStr\"><is><t>Website</t></is></c><c t=\"inlineStr\"><is><t>Joined</t></is></c></row>\
             <row><c t=\"inlineStr\"><is><t>acme.com</t></is></c><c s=\"1\"><v>44620</v></c></row>",
        )
    }
    .with("xl/styles.xml", "<styleSheet><cellXfs><xf/><xf numFmtId=\"14\"/></cellXfs></styleSheet>");
    let rich = Parts::of(
        "<row><c t=\"s\"><v>0</v></c><c t=\"s\"><v>1</v></c></row><row><c t=\"s\"><v>2</v></c><c t=\"s\"><v>3</v></c></row>\
         <row><c t=\"s\"><v>4</v></c><c t=\"s\"><v>3</v></c></row>",
    )
    .with(
        "xl/sharedStrings.xml",
        "<sst count=\"9\" uniqueCount=\"99999999999999\"><si><t>Name</t><rPh sb=\"0\" eb=\"1\"><t>neemu</t></rPh></si>\
         <si><r><rPr><b/></rPr><t>Web</t></r><r><t>_x000D_\nsite</t></r></si><si><t/></si><si><t><![CDATA[acme.com]]></t></si>\
         <si><t xml:space=\"preserve\"> two\nlines </t></si></sst>",
    );
    vec![
        Sent::new("libreoffice.xlsx", libre_office.bytes()),
        Sent::new("google-sheets.xlsx", google.bytes()),
        Sent::new("inline-strings.xlsx", Parts::of(&inline(LIST)).bytes()),
        Sent::new("prefixed-names.xlsx", prefixed.bytes()),
        Sent::new("absolute-targets.xlsx", absolute.bytes()),
        Sent::new("strict.xlsx", strict.bytes()),
        Sent::new("dates-from-1904.xlsx", from_1904.bytes()),
        Sent::new("rich-texts.xlsx", rich.bytes()),
    ]
}

fn odd_sheets() -> Vec<Sent> {
    let huge = Parts {
        sheet: format!(
            "<worksheet><dimension ref=\"A1:XFD1048576\"/><sheetData>{}</sheetData></worksheet>",
            inline(LIST)
        ),
        ..Parts::of("")
    };
    let out_of_order = Parts::of(
        "<row r=\"1\"><c r=\"B1\" t=\"str\"><v>Website</v></c><c r=\"A1\" t=\"str\"><v>Name</v></c></row>\
         <row r=\"9\"><c r=\"C9\"/><c r=\"B9\" t=\"str\"><v>beta.com</v></c></row>\
         <row r=\"3\"><c r=\"B3\" t=\"str\"><v>acme.com</v></c><c r=\"B3\" t=\"str\"><v>again.com</v></c><c r=\"A3\" t=\"b\"><v>true</v></c></row>",
    );
    let link_over_cells = Parts {
        sheet: format!(
            "<worksheet><sheetData>{}</sheetData><hyperlinks><hyperlink ref=\"A2:B3\" r:id=\"a\"/><hyperlink ref=\"nowhere\" r:id=\"a\"/>\
             <hyperlink ref=\"A4\" r:id=\"b\"/><hyperlink ref=\"A5\" location=\"Sheet1!A1\"/><hyperlink ref=\"C9\" r:id=\"a\"/></hyperlinks></worksheet>",
            inline(&[&["Practice"], &["Acme"], &["Acme Too"], &["Beta"], &["Gamma"]])
        ),
        ..Parts::of("")
    }
    .with(
        "xl/worksheets/_rels/sheet1.xml.rels",
        format!(
            "<Relationships><Relationship Id=\"a\" Type=\"{OFFICE}/hyperlink\" Target=\"https://acme.com/\" TargetMode=\"External\"/>\
             <Relationship Id=\"b\" Type=\"{OFFICE}/hyperlink\" Target=\"mailto:info@beta.com\" TargetMode=\"External\"/></Relationships>"
        ),
    );
    let chart_first = Parts {
        workbook: "<workbook><sheets><sheet name=\"Chart\" sheetId=\"1\" r:id=\"c\"/><sheet name=\"Gone\" sheetId=\"2\" r:id=\"x\"/>\
                   <sheet name=\"Data\" sheetId=\"3\" r:id=\"rId1\"/></sheets></workbook>"
            .to_owned(),
        relationships: format!(
            "<Relationships><Relationship Id=\"c\" Type=\"{OFFICE}/chartsheet\" Target=\"chartsheets/sheet1.xml\"/>\
             <Relationship Id=\"rId1\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
        ),
        ..Parts::of(&inline(LIST))
    };
    vec![
        Sent::new("declares-every-cell-there-is.xlsx", huge.bytes()),
        Sent::new("cells-out-of-order.xlsx", out_of_order.bytes()),
        Sent::new("a-link-over-several-cells.xlsx", link_over_cells.bytes()),
        Sent::new("a-chart-comes-first.xlsm", chart_first.bytes()),
    ]
}

/// A compound file whose directory has these names.
fn compound(names: &[&str]) -> Vec<u8> {
    let mut bytes = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    bytes.resize(1536, 0);
    bytes[30] = 9;
    bytes[48] = 1;
    for (entry, name) in names.iter().enumerate() {
        let at = 1024 + entry * 128;
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        bytes[at..at + name.len()].copy_from_slice(&name);
    }
    bytes
}

fn refused() -> Vec<Sent> {
    let whole = Parts::of(&inline(LIST));
    let missing_sheet = Parts {
        relationships: whole.relationships.replace("sheet1.xml", "sheet7.xml"),
        ..whole.clone()
    };
    let cut_sheet = Parts {
        sheet: "<worksheet><sheetData><row><c t=\"str\"><v>Website</v></c></row><row><c t=\"st".to_owned(),
        ..whole.clone()
    };
    let entities = Parts {
        sheet: format!("<!DOCTYPE x [<!ENTITY a \"aaaa\">]>{}", whole.sheet),
        ..whole.clone()
    };
    let binary = Parts {
        package: whole.package.replace("workbook.xml", "workbook.bin"),
        ..whole.clone()
    };
    let word = Parts {
        package: whole.package.replace("xl/workbook.xml", "word/document.xml"),
        ..whole.clone()
    }
    .with("word/document.xml", "<w:document><w:body/></w:document>");
    let mut half = saved(|workbook| {
        workbook.add_worksheet().write_string(0, 0, "Website")?;
        Ok(())
    });
    half.truncate(half.len() / 2);
    // The first byte of the packed sheet: the archive opens and the part does not.
    let mut scrambled = whole.bytes();
    let name = b"xl/worksheets/sheet1.xml";
    let at = scrambled.windows(name.len()).position(|window| window == name).unwrap() + name.len();
    scrambled[at..at + 8].fill(0xFF);
    vec![
        Sent::new("cut-in-half.xlsx", half),
        Sent::new("scrambled-sheet.xlsx", scrambled),
        Sent::new("missing-sheet.xlsx", missing_sheet.bytes()),
        Sent::new("cut-sheet.xlsx", cut_sheet.bytes()),
        Sent::new(
            "missing-texts.xlsx",
            Parts::of("<row><c t=\"s\"><v>0</v></c></row>").bytes(),
        ),
        Sent::new("a-sheet-with-entities.xlsx", entities.bytes()),
        Sent::new(
            "impossible-row.xlsx",
            Parts::of("<row r=\"4294967295\"><c t=\"str\"><v>x</v></c></row>").bytes(),
        ),
        Sent::new("binary-workbook.xlsb", binary.with("xl/workbook.bin", "").bytes()),
        Sent::new("letter.docx", word.bytes()),
        Sent::new("list-in-a.zip", archive(&[("list.csv", "Website\nacme.com\n")])),
        Sent::new("not-what-it-says.xlsx", archive(&[("[Content_Types].xml", "<Types/>")])),
        Sent::new(
            "libreoffice.ods",
            archive(&[
                ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
                ("content.xml", "<x/>"),
            ]),
        ),
        Sent::new(
            "apple.numbers",
            archive(&[("Index/Document.iwa", "x"), ("Data/picture.jpg", "y")]),
        ),
        Sent::new(
            "with-a-password.xlsx",
            compound(&["Root Entry", "EncryptedPackage", "EncryptionInfo"]),
        ),
        Sent::new("before-2007.xls", compound(&["Root Entry", "Workbook"])),
    ]
}

pub(super) fn sent() -> Vec<Sent> {
    [other_programs(), odd_sheets(), refused()]
        .into_iter()
        .flatten()
        .collect()
}
