#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use proptest::prelude::*;

type Parts<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>, Option<&'a str>);

fn read(lines: &str, country: Id) -> Vec<Address> {
    let lines: Vec<&str> = lines.split('\n').collect();
    let (last, before) = lines.split_last().unwrap();
    let around = Around { before, after: "" };
    let found = in_line(around, last, &[country]);
    found.into_iter().map(|found| found.address).collect()
}

#[test]
fn streets_of_saints_and_of_roads_with_numbers_are_whole() {
    for (line, street, town) in [
        (
            "405 N. St. Mary's St., San Antonio, TX 78205",
            "405 N. St. Mary's St",
            "San Antonio",
        ),
        (
            "20760 US Hwy 281 N, San Antonio, TX 78258",
            "20760 US Hwy 281 N",
            "San Antonio",
        ),
        (
            "26 Stafford Road, Cannock, England WS11 4AG",
            "26 Stafford Road",
            "Cannock",
        ),
        (
            "2185, rue King Ouest, Sherbrooke (Québec) J1J 2G2",
            "2185, rue King Ouest",
            "Sherbrooke",
        ),
    ] {
        let found = in_line(Around::default(), line, &[Id::US, Id::GB, Id::CA]);
        let address = &found.first().unwrap_or_else(|| panic!("{line}")).address;
        assert_eq!(
            (address.street.as_deref(), address.locality.as_deref()),
            (Some(street), Some(town)),
            "{line}"
        );
    }
}

#[test]
fn addresses_of_seven_countries() {
    let cases: [(&str, Id, Parts<'_>); 22] = [
        (
            "123 Queen Street, Auckland 1010",
            Id::NZ,
            (Some("123 Queen Street"), Some("Auckland"), None, Some("1010")),
        ),
        (
            "Level 2, 45 Lambton Quay\nWellington Central\nWellington 6011, New Zealand",
            Id::NZ,
            (Some("Level 2, 45 Lambton Quay"), Some("Wellington"), None, Some("6011")),
        ),
        (
            "5/12 Smith Road, Remuera, Auckland, 1050",
            Id::NZ,
            (Some("5/12 Smith Road"), Some("Auckland"), None, Some("1050")),
        ),
        (
            "Find us at 12 High Street Dunedin 9016",
            Id::NZ,
            (Some("12 High Street"), Some("Dunedin"), None, Some("9016")),
        ),
        (
            "Shop 4, 200 George St, Sydney NSW 2000",
            Id::AU,
            (Some("Shop 4, 200 George St"), Some("Sydney"), Some("NSW"), Some("2000")),
        ),
        (
            "88 Bridge Road\nRichmond VIC 3121",
            Id::AU,
            (Some("88 Bridge Road"), Some("Richmond"), Some("VIC"), Some("3121")),
        ),
        (
            "10 High Street, Headingley, Leeds, West Yorkshire, LS6 3AB",
            Id::GB,
            (
                Some("10 High Street"),
                Some("Leeds"),
                Some("West Yorkshire"),
                Some("LS6 3AB"),
            ),
        ),
        (
            "221b Baker Street\nLondon\nNW1 6XE",
            Id::GB,
            (Some("221b Baker Street"), Some("London"), None, Some("NW1 6XE")),
        ),
        (
            "200 N Main St, Suite 300, Springfield, IL 62704",
            Id::US,
            (
                Some("200 N Main St, Suite 300"),
                Some("Springfield"),
                Some("IL"),
                Some("62704"),
            ),
        ),
        (
            "1455 Market St\nSan Francisco, California 94103",
            Id::US,
            (Some("1455 Market St"), Some("San Francisco"), Some("CA"), Some("94103")),
        ),
        (
            "77 King Street West, Toronto, ON M5V 2T6, Canada",
            Id::CA,
            (
                Some("77 King Street West"),
                Some("Toronto"),
                Some("ON"),
                Some("M5V 2T6"),
            ),
        ),
        (
            "12 Merrion Square, Dublin 2, D02 X285",
            Id::IE,
            (Some("12 Merrion Square"), Some("Dublin 2"), None, Some("D02 X285")),
        ),
        (
            "Praxis Dr. Müller\nHauptstraße 12a\n10115 Berlin",
            Id::DE,
            (Some("Hauptstraße 12a"), Some("Berlin"), None, Some("10115")),
        ),
        (
            "Am Markt 3, D-50667 Köln, Deutschland",
            Id::DE,
            (Some("Am Markt 3"), Some("Köln"), None, Some("50667")),
        ),
        (
            "Berliner Allee 3-5 | 40212 Düsseldorf | Tel. 0211 123456",
            Id::DE,
            (Some("Berliner Allee 3-5"), Some("Düsseldorf"), None, Some("40212")),
        ),
        (
            "12, rue de la Paix, 75002 Paris",
            Id::FR,
            (Some("12, rue de la Paix"), Some("Paris"), None, Some("75002")),
        ),
        (
            "Calle Mayor, 12, 28013 Madrid",
            Id::ES,
            (Some("Calle Mayor, 12"), Some("Madrid"), None, Some("28013")),
        ),
        (
            "Via Roma 15 - 00184 Roma (RM)",
            Id::IT,
            (Some("Via Roma 15"), Some("Roma"), Some("RM"), Some("00184")),
        ),
        (
            "Keizersgracht 123\n1015 CJ Amsterdam",
            Id::NL,
            (Some("Keizersgracht 123"), Some("Amsterdam"), None, Some("1015 CJ")),
        ),
        (
            "Storgatan 4, 114 55 Stockholm",
            Id::SE,
            (Some("Storgatan 4"), Some("Stockholm"), None, Some("114 55")),
        ),
        (
            "Mariahilfer Straße 10, 1070 Wien",
            Id::AT,
            (Some("Mariahilfer Straße 10"), Some("Wien"), None, Some("1070")),
        ),
        (
            "PO Box 1234, Hamilton 3240",
            Id::NZ,
            (None, Some("Hamilton"), None, Some("3240")),
        ),
    ];
    for (text, country, (street, town, region, code)) in cases {
        let found = read(text, country);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        let a = &found[0];
        let got = (
            a.street.as_deref(),
            a.locality.as_deref(),
            a.region.as_deref(),
            a.postal_code.as_deref(),
        );
        assert_eq!(got, (street, town, region, code), "{text}");
        assert_eq!(a.country.as_deref(), Some(country.as_ref()));
    }
}

#[test]
fn raw_is_what_the_page_writes() {
    for (text, country, raw, town) in [
        (
            "12 Karori Road, Karori, Wellington 6012",
            Id::NZ,
            "12 Karori Road, Karori, Wellington 6012",
            "Wellington",
        ),
        (
            "22 The Terrace, Te Aro, Wellington 6011",
            Id::NZ,
            "22 The Terrace, Te Aro, Wellington 6011",
            "Wellington",
        ),
        (
            "Smile Dental\nLevel 2, 45 Lambton Quay\nWellington Central\nWellington 6011, New Zealand",
            Id::NZ,
            "Level 2, 45 Lambton Quay, Wellington Central, Wellington 6011",
            "Wellington",
        ),
        (
            "Find us at 12 High Street - Dunedin 9016. Call us",
            Id::NZ,
            "12 High Street - Dunedin 9016",
            "Dunedin",
        ),
        (
            "Praxis, Am Markt 3, D-50667 Köln, Deutschland",
            Id::DE,
            "Am Markt 3, D-50667 Köln",
            "Köln",
        ),
        (
            "Calle Mayor, 12, 28013 Madrid",
            Id::ES,
            "Calle Mayor, 12, 28013 Madrid",
            "Madrid",
        ),
    ] {
        let found = read(text, country);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!(found[0].raw, raw);
        assert_eq!(found[0].locality.as_deref(), Some(town), "{text}");
    }
}

#[test]
fn numbers_in_prose_are_no_addresses() {
    for (text, country) in [
        ("Serving families since 1998", Id::NZ),
        ("© 2024 Smile Dental", Id::NZ),
        ("18 Victoria Ave, Whanganui\nSmile Dental Limited © 2022", Id::NZ),
        ("We have treated 12000 Patienten", Id::DE),
        ("Over 50000 smiles", Id::US),
        ("Order 75002 now", Id::FR),
        ("Open Mon 9 to 5, 2024 Auckland Awards", Id::NZ),
    ] {
        assert_eq!(read(text, country), vec![], "{text}");
    }
}

proptest! {
    #[test]
    fn never_panics(text in "[A-Za-z0-9,./|ßé \\-]{0,80}(\n[A-Za-z0-9, ]{0,30})?") {
        for country in [Id::NZ, Id::GB, Id::US, Id::DE, Id::NL, Id::IE, Id::CA] {
            let _ = read(&text, country);
        }
    }
}

#[test]
fn what_is_counted_is_no_street() {
    for line in [
        "24 Hour Emergency Plumbing, Austin, TX 78701",
        "25 Years Experience, Austin, TX 78701",
        "30 Day Money Back, Austin, TX 78701",
    ] {
        let street = read(line, Id::US).into_iter().find_map(|found| found.street);
        assert_eq!(street, None, "{line}");
    }
}

#[test]
fn codes_that_a_dash_parts_and_streets_behind_the_town() {
    let street_and_town = |lines: &str, country: Id| {
        let found = read(lines, country).into_iter().next();
        found.map(|found| (found.street.unwrap_or_default(), found.locality.unwrap_or_default()))
    };
    for (lines, country, street, town) in [
        (
            "7 rue de la République\n42000 - Saint Etienne",
            Id::FR,
            "7 rue de la République",
            "Saint Etienne",
        ),
        ("20148 Milano Via Monreale 14", Id::IT, "Via Monreale 14", "Milano"),
        (
            "5050 El Camino Real, Suite 115, Los Altos, CA 94022",
            Id::US,
            "5050 El Camino Real, Suite 115",
            "Los Altos",
        ),
        (
            "3025 East 3300 South, Salt Lake City, UT 84109",
            Id::US,
            "3025 East 3300 South",
            "Salt Lake City",
        ),
        (
            "Grande Place de la Brèche aux loups\n77330 Ozoir-la-Ferrière",
            Id::FR,
            "Grande Place de la Brèche aux loups",
            "Ozoir-la-Ferrière",
        ),
        (
            "100 Hazel Street\nPO Box 149\nVan Meter, IA 50261",
            Id::US,
            "100 Hazel Street",
            "Van Meter",
        ),
        ("Adresse : 61 Le cous, 79700 Mauléon", Id::FR, "61 Le cous", "Mauléon"),
        (
            "İstiklal, Reşit Paşa Cd. NO:88/A, 34773 Ümraniye/İstanbul",
            Id::TR,
            "Reşit Paşa Cd. NO:88/A",
            "Ümraniye",
        ),
        (
            "Rua Carmem Silva de Almeida, 349, Itapevi 06693070",
            Id::BR,
            "Rua Carmem Silva de Almeida, 349",
            "Itapevi",
        ),
        (
            "Rua Frei Mansueto, 1345\nMeireles - CEP: 60.175-070",
            Id::BR,
            "Rua Frei Mansueto, 1345",
            "Meireles",
        ),
        (
            "© 2024 Praxis Müller · Hauptstraße 12 · 10115 Berlin",
            Id::DE,
            "Hauptstraße 12",
            "Berlin",
        ),
    ] {
        let found = street_and_town(lines, country);
        assert_eq!(found, Some((street.to_owned(), town.to_owned())), "{lines}");
    }
    for (line, country) in [
        ("© 2024 Garage Kohler AG · Lützelflüh", Id::CH),
        ("Rua das Flores, 123, Centro, Fone: 32221234", Id::BR),
        ("IBAN BE71 0961 2345 4975 - BIC GKCCBEBB", Id::BE),
    ] {
        assert_eq!(street_and_town(line, country), None, "{line}");
    }
    let towns_before = read("Strada Lungă 12, Zărnești 505800 - Tel. 0268 220 000", Id::RO);
    assert_eq!(towns_before[0].locality.as_deref(), Some("Zărnești"));
}

#[test]
fn forms_of_single_countries() {
    let cases: [(&str, Id, Parts<'_>); 16] = [
        (
            "5600 SW 135 Ave Suite 208, Miami, Fl, 33183",
            Id::US,
            (
                Some("5600 SW 135 Ave Suite 208"),
                Some("Miami"),
                Some("FL"),
                Some("33183"),
            ),
        ),
        (
            "Le Lapsou\n15300 Murat",
            Id::FR,
            (Some("Le Lapsou"), Some("Murat"), None, Some("15300")),
        ),
        (
            "P.O Box 29303-00100, Nairobi",
            Id::KE,
            (None, Some("Nairobi"), None, Some("00100")),
        ),
        (
            "1 rue de Paris\n95700 Roissy-en-France",
            Id::FR,
            (Some("1 rue de Paris"), Some("Roissy-en-France"), None, Some("95700")),
        ),
        (
            "Moravská Třebová\nNádražní 45, 571 01 Útěchov",
            Id::CZ,
            (Some("Nádražní 45"), Some("Útěchov"), None, Some("571 01")),
        ),
        (
            "Shop No. 5, Hill Road, Bandra, Mumbai, Maharashtra 400050",
            Id::IN,
            (
                Some("Shop No. 5, Hill Road, Bandra"),
                Some("Mumbai"),
                Some("MH"),
                Some("400050"),
            ),
        ),
        (
            "18300 Pirot, Srbija",
            Id::RS,
            (None, Some("Pirot"), None, Some("18300")),
        ),
        (
            "P. Preradovića 9\n10 360 Sesvetski Kraljevec",
            Id::HR,
            (
                Some("P. Preradovića 9"),
                Some("Sesvetski Kraljevec"),
                None,
                Some("10360"),
            ),
        ),
        (
            "26ης Οκτωβρίου 8Α, Θεσσαλονίκη, 54627",
            Id::GR,
            (Some("26ης Οκτωβρίου 8Α"), Some("Θεσσαλονίκη"), None, Some("546 27")),
        ),
        (
            "Útěchov 97, 571 01",
            Id::CZ,
            (Some("Útěchov 97"), Some("Útěchov"), None, Some("571 01")),
        ),
        (
            "H. No. 2-7-77, 3rd Floor, Bharat Nagar, Uppal, Hyderabad - 500 039",
            Id::IN,
            (
                Some("H. No. 2-7-77, 3rd Floor, Bharat Nagar, Uppal"),
                Some("Hyderabad"),
                None,
                Some("500039"),
            ),
        ),
        (
            "157 Avenue & 95 Street\nEdmonton, Alberta\nT5Z 0G2",
            Id::CA,
            (
                Some("157 Avenue & 95 Street"),
                Some("Edmonton"),
                Some("AB"),
                Some("T5Z 0G2"),
            ),
        ),
        (
            "Rua João de Matos Ferreira, nº88;\n3460-549 Tondela (Junto às piscinas)",
            Id::PT,
            (
                Some("Rua João de Matos Ferreira, nº88"),
                Some("Tondela"),
                None,
                Some("3460-549"),
            ),
        ),
        (
            "Rua Sacadura Cabral 65\nCruz Quebrada, Lisboa\nPortugal 1495-207",
            Id::PT,
            (Some("Rua Sacadura Cabral 65"), Some("Lisboa"), None, Some("1495-207")),
        ),
        (
            "Rua Frei Mansueto, 1345 casa 20\nMeireles - CEP: 60.175-070",
            Id::BR,
            (
                Some("Rua Frei Mansueto, 1345 casa 20"),
                Some("Meireles"),
                None,
                Some("60175-070"),
            ),
        ),
        (
            "Jl. Bukit Indah No.2, Serua, Kota Tangerang Selatan, Banten 15414",
            Id::ID,
            (
                Some("Jl. Bukit Indah No.2"),
                Some("Tangerang Selatan"),
                Some("Banten"),
                Some("15414"),
            ),
        ),
    ];
    for (lines, country, (street, locality, region, code)) in cases {
        let found = read(lines, country);
        let address = found.first().unwrap_or_else(|| panic!("{lines}"));
        assert_eq!(
            (
                address.street.as_deref(),
                address.locality.as_deref(),
                address.region.as_deref(),
                address.postal_code.as_deref()
            ),
            (street, locality, region, code),
            "{lines}"
        );
    }
}
