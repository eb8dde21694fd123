#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::labels::Label;
use super::lines::from_line;
use super::*;
use crate::scrape::extract::whose::Standing;
use proptest::prelude::*;

fn read(line: &str, region: Id) -> Vec<(String, PhoneKind)> {
    let mut out = Candidates::default();
    from_line(line, 40, Label::None, &mut |_| Standing::Plain, &mut out);
    out.resolve(&[region])
        .into_iter()
        .map(|fact| (fact.value.e164.unwrap(), fact.value.kind))
        .collect()
}

#[test]
fn numbers_as_pages_write_them() {
    use PhoneKind::{Fax, Phone};
    for (line, region, expected) in [
        ("Phone: 09 524 7381", Id::NZ, vec![("+6495247381", Phone)]),
        (
            "Ph (09) 524 7381 Fax (09) 524 7382",
            Id::NZ,
            vec![("+6495247381", Phone), ("+6495247382", Fax)],
        ),
        ("Call us on 0800 227 645 today", Id::NZ, vec![("+64800227645", Phone)]),
        ("+64 (0) 9 524 7381", Id::NZ, vec![("+6495247381", Phone)]),
        (
            "T 020 7946 1358 | F 020 7946 1359",
            Id::GB,
            vec![("+442079461358", Phone), ("+442079461359", Fax)],
        ),
        ("(02) 9267 1840", Id::AU, vec![("+61292671840", Phone)]),
        ("1300 654 832", Id::AU, vec![("+611300654832", Phone)]),
        (
            "212-967-4138 or (212) 967-4139",
            Id::US,
            vec![("+12129674138", Phone), ("+12129674139", Phone)],
        ),
        ("Tel.: 030 / 2758 3641", Id::DE, vec![("+493027583641", Phone)]),
        (
            "Telefon 089/5432178, Telefax 089/5432179",
            Id::DE,
            vec![("+49895432178", Phone), ("+49895432179", Fax)],
        ),
        ("+49 (0) 2543 / 931 85 07", Id::DE, vec![("+4925439318507", Phone)]),
        ("0049 30 2758 3641", Id::DE, vec![("+493027583641", Phone)]),
        (
            "09 524 7381 / 021 524 738",
            Id::NZ,
            vec![("+6495247381", Phone), ("+6421524738", Phone)],
        ),
        (
            "Phone 04 476 5432, Fax 04 476 5433, after hours 027 481 9922",
            Id::NZ,
            vec![("+6444765432", Phone), ("+6444765433", Fax), ("+64274819922", Phone)],
        ),
        ("Tél. 01 42 68 53 17", Id::FR, vec![("+33142685317", Phone)]),
        ("01 676 4892 ext 12", Id::IE, vec![("+35316764892", Phone)]),
        (
            "01/405 55 28, Fax DW 15",
            Id::AT,
            vec![("+4314055528", Phone), ("+431405552815", Fax)],
        ),
        (
            "Tel. 030 27583-0, Fax -99",
            Id::DE,
            vec![("+4930275830", Phone), ("+49302758399", Fax)],
        ),
        (
            "Tel. 022 731 45 67/68",
            Id::CH,
            vec![("+41227314567", Phone), ("+41227314568", Phone)],
        ),
        ("0800 SMILES (0800 764 537)", Id::NZ, vec![("+64800764537", Phone)]),
        (
            "tel./fax (0-12) 634 55 18",
            Id::PL,
            vec![("+48126345518", Phone), ("+48126345518", Fax)],
        ),
        ("T 6555 1284", Id::SG, vec![("+6565551284", Phone)]),
        (
            "+91-98450 12377 / 99001 14276",
            Id::IN,
            vec![("+919845012377", Phone), ("+919900114276", Phone)],
        ),
        (
            "Call (09) 524-7381 or (09) 524-7382",
            Id::NZ,
            vec![("+6495247381", Phone), ("+6495247382", Phone)],
        ),
        ("(208) 555-0142", Id::US, vec![("+12085550142", Phone)]),
    ] {
        let expected: Vec<(String, PhoneKind)> = expected.into_iter().map(|(n, k)| (n.to_owned(), k)).collect();
        assert_eq!(read(line, region), expected, "{line}");
    }
}

#[test]
fn other_numbers_are_left_alone() {
    for (line, region) in [
        ("Mo-Fr 08:00-17:00", Id::NZ),
        ("12.05.2024 - 13.06.2025", Id::DE),
        ("ABN 51 824 753 556", Id::AU),
        ("IBAN DE89 3704 0044 0532 0130 00", Id::DE),
        ("USt-IdNr. DE 123456789", Id::DE),
        ("Order #0952473812", Id::NZ),
        ("Phone: 09 123 4567", Id::NZ),
        ("(555) 555-5555", Id::US),
        ("© 2019 - 2024 Smile", Id::NZ),
        ("Company No. 09524738", Id::GB),
        ("$1,234,567,890", Id::US),
        ("CVR 31 88 42 07", Id::DK),
        ("P.IVA 06555014201", Id::IT),
        ("R.C.S. Caen B 315 501 440, TVA FR 83 315501440", Id::FR),
        ("réf. 0231550120", Id::FR),
        ("9.00 - 11.30, 16.30 - 19.00", Id::DE),
        ("MwSt. BE 0711.884.422", Id::BE),
        ("315 501 440", Id::FR),
        ("276 095 550 142 001", Id::DE),
        ("(123) 456-7890", Id::US),
        ("Tél. 01 02 03 04 05", Id::FR),
        ("Call (404) 555-0171", Id::GB),
        ("(303) 555-1234", Id::US),
        ("Wohnfläche 0301234567 km", Id::DE),
    ] {
        assert_eq!(read(line, region), vec![], "{line}");
    }
}

#[test]
fn the_short_way_to_e164_gives_what_the_formatter_gives() {
    for (text, region) in [
        ("09 524 7381", Id::NZ),
        ("02 1234 5678", Id::IT),
        ("0236618300", Id::IT),
        ("06 98 12 34 56", Id::FR),
        ("(312) 967-4138", Id::US),
        ("8 (495) 123-45-67", Id::RU),
        ("+39 06 1234 5678", Id::NZ),
        ("0049 30 1234567", Id::DE),
    ] {
        let number = phonenumber::parse(Some(region), text).unwrap();
        let formatted = number.format().mode(phonenumber::Mode::E164).to_string();
        assert_eq!(e164(&number), formatted, "{text}");
    }
}

proptest! {
    #[test]
    fn never_panics(line in "[0-9+() ./–a-zé:-]{0,80}") {
        let _ = read(&line, Id::NZ);
    }
}
