#![allow(clippy::unwrap_used, clippy::expect_used)]
use crate::scrape::extract::extract_html;
use crate::scrape::payload::PageFacts;

/// A website with its own number and address, and `body` somewhere on its page.
fn page(lang: &str, body: &str) -> PageFacts {
    let html = format!(
        r#"<html lang="{lang}"><title>Smile</title><body><h1>Smile</h1>{body}<footer><p>+64 9 524 7381</p></footer></body></html>"#
    );
    extract_html(&html, &"https://smilehaus.co.nz/".parse().unwrap(), Some("NZ"))
}

/// Numbers of more trust than what gives way to others, beside the website's own.
fn trusted(facts: &PageFacts) -> Vec<&str> {
    let kept = facts
        .phones
        .iter()
        .filter(|fact| fact.trust >= super::super::phones::DOUBTFUL);
    kept.filter_map(|fact| fact.value.e164.as_deref())
        .filter(|e164| *e164 != "+6495247381")
        .collect()
}

#[test]
fn numbers_of_others_are_not_the_business() {
    let mut failed = Vec::new();
    for (lang, body) in [
        (
            "en",
            "<p>After hours, please contact Shorecare Smales Farm on +64 9 486 7777.</p>",
        ),
        (
            "en",
            "<p>If your pet has eaten something toxic, ring the Animal Poison Line on +64 9 379 2000.</p>",
        ),
        (
            "en",
            "<p>We are proud members of the Motor Trade Association (+64 4 385 8859).</p>",
        ),
        (
            "en",
            "<p>Complaints can be made to the Health and Disability Commissioner, PO Box 1791, Auckland, +64 9 373 1060.</p>",
        ),
        ("en", "<p>Parking is run by Wilson Parking, +64 9 356 8400.</p>"),
        ("en", "<p>Website by Fresh Pixel Ltd, +64 9 555 2222</p>"),
        (
            "en",
            "<p>Our building manager is Colliers International: +64 9 358 1888.</p>",
        ),
        (
            "en",
            "<p>Gift vouchers are sold through Grabone, customer care +64 9 280 4444.</p>",
        ),
        ("en", "<p>Call the fire service on +64 4 496 3600 for a permit.</p>"),
        (
            "de",
            "<p>Ausserhalb der Sprechzeiten erreichen Sie den kassenärztlichen Bereitschaftsdienst unter +49 30 31003222.</p>",
        ),
        (
            "de",
            "<h3>Aufsichtsbehörde</h3><p>Landratsamt Musterkreis<br>Hauptstraße 1<br>Telefon: +49 89 62210</p>",
        ),
        (
            "de",
            "<p>Externer Datenschutzbeauftragter: DSB Nord GmbH, Tel. +49 40 5936160</p>",
        ),
        ("de", "<p>Fotos: Studio Lichtblick, +49 40 5936161</p>"),
        (
            "de",
            "<p>Die Vermietung übernimmt Immobilien Krause, Tel. +49 40 5936162. Kaution zwei Monatsmieten.</p>",
        ),
        (
            "de",
            "<p>In dringenden Fällen wenden Sie sich an die Tierklinik Norderstedt, +49 40 5298940.</p>",
        ),
        (
            "fr",
            "<p>Hébergeur : OVH SAS, 2 rue Kellermann, 59100 Roubaix, +33 9 72 10 10 07</p>",
        ),
        (
            "fr",
            "<p>En cas d'absence, adressez-vous au cabinet du Dr Lefèvre, +33 1 42 68 53 20.</p>",
        ),
        (
            "fr",
            "<p>Taxis de la gare : +33 2 98 44 32 19. Office de tourisme : +33 2 98 44 24 96.</p>",
        ),
        (
            "es",
            "<p>Agencia Española de Protección de Datos, C/ Jorge Juan 6, 28001 Madrid, +34 912 663 517.</p>",
        ),
        (
            "es",
            "<p>Para emergencias fuera de horario: Hospital Veterinario Puchol, +34 916 584 511.</p>",
        ),
        ("it", "<p>Guardia medica: +39 06 77307777.</p>"),
        (
            "it",
            "<p>Per il transfer chiamate Autonoleggio Rossi, +39 045 7401234.</p>",
        ),
        (
            "nl",
            "<p>Buiten openingstijden belt u Spoedtandarts Rotterdam, +31 10 455 2155.</p>",
        ),
        (
            "nl",
            "<p>Klachten kunt u melden bij de Geschillencommissie, +31 70 310 5310.</p>",
        ),
        (
            "sv",
            "<p>Akut tandvård kvällstid: Folktandvården Akuten, +46 8 123 157 80.</p>",
        ),
        (
            "pl",
            "<p>W nocy prosimy dzwonić do Kliniki Całodobowej Retina, +48 12 411 11 11.</p>",
        ),
        ("da", "<p>Ved akut tandpine ring til Tandvagten på +45 70 20 02 55.</p>"),
        (
            "pt",
            "<p>Entidade de resolução alternativa de litígios: CNIACC, +351 213 847 484.</p>",
        ),
        ("cs", "<p>Dozorový orgán: Česká lékařská komora, +420 234 760 710.</p>"),
    ] {
        let facts = page(lang, body);
        let found = trusted(&facts);
        if !found.is_empty() {
            failed.push(format!("{found:?} {body}"));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn own_numbers_stay() {
    let mut failed = Vec::new();
    for (lang, body) in [
        (
            "en",
            "<p>Call us on +64 9 486 7777 to make an appointment with one of our team.</p>",
        ),
        ("en", "<p>For after hours emergencies phone +64 9 486 7777.</p>"),
        (
            "en",
            "<p>Phone: +64 9 486 7777 | Email: hi@smilehaus.co.nz | Website by Pixel</p>",
        ),
        ("en", "<p>12 Bank Street, Timaru. Ph +64 9 486 7777</p>"),
        (
            "en",
            "<p>Newmarket branch: 3 Remuera Road, Newmarket, Auckland, ph +64 9 486 7777</p>",
        ),
        ("en", "<ul><li>Dr Jane Hughes: +64 9 486 7777</li></ul>"),
        ("en", "<p>Text Andrew on +64 9 486 7777.</p>"),
        (
            "en",
            "<h2>Find us</h2><p>Shop 4, Hospital Road, Otara</p><p>+64 9 486 7777</p>",
        ),
        ("en", "<table><tr><td>Parts</td><td>+64 9 486 7777</td></tr></table>"),
        ("en", "<p>All insurance work done. Free quotes: +64 9 486 7777</p>"),
        (
            "en",
            "<h2>Insurance</h2><p>We bill your insurer directly; call us on +64 9 486 7777 with questions.</p>",
        ),
        ("de", "<p>Tel. +49 40 5936160, Fax +49 40 5936161</p>"),
        (
            "de",
            "<p>Sie erreichen unsere Rezeption täglich von 8 bis 20 Uhr unter +49 40 5936160.</p>",
        ),
        ("de", "<p>Termine nach Vereinbarung unter Telefon +49 40 5936160.</p>"),
        ("de", "<p>Rathausplatz 3, 22846 Norderstedt, Tel.: +49 40 5936160</p>"),
        ("de", "<p>Notdienst: +49 171 5936160</p>"),
        ("fr", "<p>Pour toute urgence, appelez le +33 1 42 68 53 20.</p>"),
        ("fr", "<p>Prenez rendez-vous par téléphone au +33 1 42 68 53 20.</p>"),
        ("es", "<p>Llámanos al +34 916 584 511 y te atenderemos.</p>"),
        ("es", "<p>C/ Mayor 12, 28013 Madrid. Tel. +34 916 584 511</p>"),
        ("it", "<p>Per prenotazioni telefonare al +39 045 7401234.</p>"),
        ("nl", "<p>Maak telefonisch een afspraak via +31 10 455 2155.</p>"),
        ("pl", "<p>Rejestracja telefoniczna: +48 12 411 11 11</p>"),
        (
            "pt",
            "<p>Reservas: +351 213 847 484 (chamada para a rede fixa nacional)</p>",
        ),
        ("sv", "<p>Boka tid på +46 8 123 157 80.</p>"),
        ("cs", "<p>Objednávky na telefonu +420 234 760 710.</p>"),
    ] {
        let facts = page(lang, body);
        if trusted(&facts).is_empty() {
            failed.push(body);
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}
