//! Workbooks as Excel saves them.

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Url, Workbook, Worksheet, XlsxError};

use super::Sent;

type Fill = fn(&mut Workbook) -> Result<(), XlsxError>;

const LIST: &[&[&str]] = &[
    &["Practice", "Website", "City"],
    &["Acme Dental", "https://acme.com", "Austin"],
    &["Beta Dental", "beta.com", "Waco"],
    &["Gamma Dental", "n/a", "Dallas"],
];

fn text(sheet: &mut Worksheet, first_row: u32, rows: &[&[&str]]) -> Result<(), XlsxError> {
    for (row, cells) in (first_row..).zip(rows) {
        for (column, cell) in (0..).zip(*cells) {
            if !cell.is_empty() {
                sheet.write_string(row, column, *cell)?;
            }
        }
    }
    Ok(())
}

pub(super) fn saved(fill: Fill) -> Vec<u8> {
    let mut workbook = Workbook::new();
    fill(&mut workbook).unwrap();
    workbook.save_to_buffer().unwrap()
}

fn simple(workbook: &mut Workbook) -> Result<(), XlsxError> {
    text(workbook.add_worksheet(), 0, LIST)
}

fn with_titles(workbook: &mut Workbook) -> Result<(), XlsxError> {
    let sheet = workbook.add_worksheet().set_name("Practices")?;
    let bold = Format::new().set_bold();
    sheet.merge_range(0, 0, 0, 2, "Practices of the north, exported 2024", &bold)?;
    sheet.write_string(1, 0, "Prepared by Jane")?;
    text(sheet, 3, LIST)
}

fn every_kind_of_value(workbook: &mut Workbook) -> Result<(), XlsxError> {
    let sheet = workbook.add_worksheet();
    let header = [
        "Website", "Phone", "Joined", "Opens", "Visited", "Active", "Share", "Postcode",
    ];
    text(sheet, 0, &[&header])?;
    let format = |code: &str| Format::new().set_num_format(code);
    sheet.write_string(1, 0, "acme.com")?;
    sheet.write_number(1, 1, 6_421_555_123.0)?;
    sheet.write_datetime_with_format(1, 2, ExcelDateTime::from_ymd(2026, 3, 1)?, &format("d/mm/yyyy"))?;
    sheet.write_datetime_with_format(1, 3, ExcelDateTime::from_hms(9, 30, 0.0)?, &format("h:mm AM/PM"))?;
    let visited = ExcelDateTime::from_ymd(2026, 3, 1)?.and_hms(9, 30, 0.0)?;
    sheet.write_datetime_with_format(1, 4, visited, &format("[$-409]d-mmm-yy h:mm;@"))?;
    sheet.write_boolean(1, 5, true)?;
    sheet.write_number_with_format(1, 6, 0.125, &format("0.0%"))?;
    sheet.write_number_with_format(1, 7, 740.0, &format("0000"))?;
    sheet.write_string(2, 0, "beta.com")?;
    sheet.write_string(2, 1, "0215550102")?;
    sheet.write_number_with_format(2, 3, 1.75, &format("[h]:mm"))?;
    sheet.write_boolean(2, 5, false)?;
    sheet.write_number_with_format(2, 6, 1234.5, &format("\"$\"#,##0.00"))?;
    sheet.write_number(2, 7, 0.1 + 0.2)?;
    Ok(())
}

fn links_behind_words(workbook: &mut Workbook) -> Result<(), XlsxError> {
    let sheet = workbook.add_worksheet();
    text(
        sheet,
        0,
        &[
            &["Practice", "Website", "City"],
            &["Acme", "", "Austin"],
            &["Beta", "", "Waco"],
        ],
    )?;
    sheet.write_url_with_text(1, 1, "https://acme.com/?a=1&b=2", "Visit website")?;
    sheet.write_url_with_text(2, 1, "http://www.beta.com/", "Visit website")?;
    text(
        sheet,
        3,
        &[&["Gamma", "gamma.com", "Dallas"], &["Delta", "none", "Plano"]],
    )?;
    Ok(())
}

fn links_behind_names(workbook: &mut Workbook) -> Result<(), XlsxError> {
    let sheet = workbook.add_worksheet();
    text(sheet, 0, &[&["Practice list"], &[], &["Name", "City"]])?;
    for (row, name) in (3..).zip(["Acme", "Beta", "Gamma"]) {
        sheet.write_url_with_text(row, 0, format!("https://{}.com/", name.to_lowercase()).as_str(), name)?;
        sheet.write_string(row, 1, "Austin")?;
    }
    Ok(())
}

fn links_that_say_what_they_are(workbook: &mut Workbook) -> Result<(), XlsxError> {
    let sheet = workbook.add_worksheet();
    text(sheet, 0, &[&["Practice", "Website", "E-mail"], &["Acme"], &["Beta"]])?;
    sheet.write_url(1, 1, "https://acme.com/")?;
    sheet.write_url_with_text(2, 1, "http://beta.com/", "beta.com")?;
    sheet.write_url_with_text(1, 2, "mailto:info@acme.com", "info@acme.com")?;
    sheet.write_url_with_text(2, 2, Url::new("internal:Sheet1!A1"), "see above")?;
    Ok(())
}

fn formulas(workbook: &mut Workbook) -> Result<(), XlsxError> {
    let sheet = workbook.add_worksheet();
    text(sheet, 0, &[&["Practice", "Website", "Count", "Computed"]])?;
    let result = |formula: &str, result: &str| Formula::new(formula).set_result(result);
    sheet.write_string(1, 0, "Acme")?;
    sheet.write_formula(1, 1, result("HYPERLINK(\"https://acme.com\",\"Visit\")", "Visit"))?;
    sheet.write_formula(1, 2, result("1+1", "2"))?;
    sheet.write_formula(1, 3, result("LOWER(\"ACME.com\")", "acme.com"))?;
    sheet.write_string(2, 0, "Beta")?;
    sheet.write_formula(2, 1, result("HYPERLINK(\"https://\"&D3,\"Visit\")", "Visit"))?;
    sheet.write_formula(2, 2, result("VLOOKUP(A3,Z:Z,1,0)", "#N/A"))?;
    sheet.write_formula(2, 3, result("\"beta.com\"", "beta.com"))?;
    sheet.write_string(3, 0, "Gamma")?;
    sheet.write_formula(3, 2, result("1/0", "#DIV/0!"))?;
    sheet.write_formula(3, 3, result("IF(TRUE,\"\",1)", ""))?;
    Ok(())
}

fn list_among_notes(workbook: &mut Workbook) -> Result<(), XlsxError> {
    text(
        workbook.add_worksheet().set_name("Read me")?,
        0,
        &[&["How to use this list"], &["See", "https://help.example.com"]],
    )?;
    text(workbook.add_worksheet().set_name("Practices")?, 0, LIST)?;
    text(
        workbook.add_worksheet().set_name("Lists")?,
        0,
        &[&["City"], &["Austin"], &["Waco"]],
    )
}

fn one_sheet_a_region(workbook: &mut Workbook) -> Result<(), XlsxError> {
    text(workbook.add_worksheet().set_name("North")?, 0, LIST)?;
    text(
        workbook.add_worksheet().set_name("South")?,
        0,
        &[&["Practice", "Website"], &["Delta", "delta.com"], &["Eta", "eta.com"]],
    )
}

fn a_longer_list_is_hidden(workbook: &mut Workbook) -> Result<(), XlsxError> {
    let hidden = workbook.add_worksheet().set_name("All (old)")?;
    text(hidden, 0, LIST)?;
    text(
        hidden,
        4,
        &[&["Old", "old.com", "Waco"], &["Older", "older.com", "Waco"]],
    )?;
    hidden.set_hidden(true);
    let very = workbook.add_worksheet().set_name("_cache")?;
    text(very, 0, &[&["x.com"], &["y.com"], &["z.com"]])?;
    very.set_very_hidden(true);
    let shown = workbook.add_worksheet().set_name("Selection")?;
    shown.set_active(true).set_first_tab(true);
    text(shown, 0, LIST)
}

fn merged_cells(workbook: &mut Workbook) -> Result<(), XlsxError> {
    let sheet = workbook.add_worksheet();
    text(sheet, 0, &[&["Group", "Practice", "Website"]])?;
    sheet.merge_range(1, 0, 2, 0, "Texas", &Format::new())?;
    text(sheet, 1, &[&["", "Acme", "acme.com"], &["", "Beta", "beta.com"]])?;
    sheet.write_string(1, 0, "Texas")?;
    Ok(())
}

fn formatted_far_beyond_the_list(workbook: &mut Workbook) -> Result<(), XlsxError> {
    let sheet = workbook.add_worksheet();
    let fill = Format::new().set_bold();
    for row in 0..200 {
        for column in 0..30 {
            sheet.write_blank(row, column, &fill)?;
        }
    }
    sheet.write_blank(1_048_575, 16_383, &fill)?;
    text(sheet, 0, LIST)?;
    sheet.write_string(9, 5, " ")?;
    Ok(())
}

fn gaps_and_totals(workbook: &mut Workbook) -> Result<(), XlsxError> {
    let sheet = workbook.add_worksheet();
    text(
        sheet,
        2,
        &[
            &["", "Practice", "Website", "Chairs"],
            &["", "Acme", "acme.com"],
            &[],
            &[],
            &["", "Beta", "beta.com"],
        ],
    )?;
    sheet.write_number(3, 3, 4)?;
    sheet.write_number(6, 3, 6)?;
    sheet.write_string(8, 1, "Total")?;
    sheet.write_formula(8, 3, Formula::new("SUM(D4:D7)").set_result("10"))?;
    Ok(())
}

fn delimiters_in_cells(workbook: &mut Workbook) -> Result<(), XlsxError> {
    text(
        workbook.add_worksheet(),
        0,
        &[
            &["Name; trading|as", "Website"],
            &["A; B; C|D", "acme.com"],
            &["E; F\tG; \"H\"", "beta.com"],
            &["sep=;\nI;J", "gamma.com"],
        ],
    )
}

fn header_without_rows(workbook: &mut Workbook) -> Result<(), XlsxError> {
    text(workbook.add_worksheet(), 0, &LIST[..1])
}

fn no_cells(workbook: &mut Workbook) -> Result<(), XlsxError> {
    workbook.add_worksheet();
    workbook.add_worksheet();
    Ok(())
}

fn without_a_header(workbook: &mut Workbook) -> Result<(), XlsxError> {
    let sheet = workbook.add_worksheet();
    text(sheet, 0, &[&["Acme"], &["Beta"]])?;
    sheet.write_url_with_text(0, 1, "https://acme.com/", "Visit")?;
    sheet.write_url_with_text(1, 1, "https://beta.com/", "Visit")?;
    Ok(())
}

fn table_with_a_filter(workbook: &mut Workbook) -> Result<(), XlsxError> {
    let sheet = workbook.add_worksheet();
    text(sheet, 0, LIST)?;
    sheet.autofilter(0, 0, 3, 2)?;
    sheet.set_row_hidden(2)?;
    sheet.set_column_hidden(1)?;
    sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

fn six_hundred_columns(workbook: &mut Workbook) -> Result<(), XlsxError> {
    let sheet = workbook.add_worksheet();
    text(sheet, 0, LIST)?;
    sheet.write_string(2, 600, "far away")?;
    Ok(())
}

fn no_addresses(workbook: &mut Workbook) -> Result<(), XlsxError> {
    text(workbook.add_worksheet(), 0, &[&["Name", "City"], &["Acme", "Austin"]])
}

pub(super) fn sent() -> Vec<Sent> {
    let cases: [(&str, Fill); 19] = [
        ("excel-simple.xlsx", simple),
        ("excel-with-titles.xlsx", with_titles),
        ("excel-every-kind-of-value.xlsx", every_kind_of_value),
        ("excel-links-behind-words.xlsx", links_behind_words),
        ("excel-links-behind-names.xlsx", links_behind_names),
        ("excel-links-that-say-what-they-are.xlsx", links_that_say_what_they_are),
        ("excel-formulas.xlsx", formulas),
        ("excel-list-among-notes.xlsx", list_among_notes),
        ("excel-one-sheet-a-region.xlsx", one_sheet_a_region),
        ("excel-a-longer-list-is-hidden.xlsx", a_longer_list_is_hidden),
        ("excel-merged-cells.xlsx", merged_cells),
        (
            "excel-formatted-far-beyond-the-list.xlsx",
            formatted_far_beyond_the_list,
        ),
        ("excel-gaps-and-totals.xlsx", gaps_and_totals),
        ("excel-delimiters-in-cells.xlsx", delimiters_in_cells),
        ("excel-header-without-rows.xlsx", header_without_rows),
        ("excel-no-cells.xlsx", no_cells),
        ("excel-links-without-a-header.xlsx", without_a_header),
        ("excel-table-with-a-filter.xlsx", table_with_a_filter),
        ("excel-six-hundred-columns.xlsx", six_hundred_columns),
    ];
    let mut sent: Vec<Sent> = cases.map(|(name, fill)| Sent::new(name, saved(fill))).into();
    sent.extend([
        Sent::new("excel-no-addresses.xlsx", saved(no_addresses)),
        Sent::new("excel-one-sheet-a-region.xlsx naming south", saved(one_sheet_a_region)).naming_sheet("south"),
        Sent::new("excel-one-sheet-a-region.xlsx naming West", saved(one_sheet_a_region)).naming_sheet("West"),
        Sent::new(
            "excel-a-longer-list-is-hidden.xlsx naming All (old)",
            saved(a_longer_list_is_hidden),
        )
        .naming_sheet("All (old)"),
        Sent::new(
            "excel-links-behind-names.xlsx naming Name (link)",
            saved(links_behind_names),
        )
        .naming_column("name (link)"),
    ]);
    sent
}
