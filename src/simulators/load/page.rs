//! The page of practice n: 20 KB that look like a small clinic's website, the same for the same n.

use std::fmt::Write;

/// How long a page is at least; it ends with the paragraph that passes this.
const PAGE_BYTES: usize = 20 << 10;

const SURNAMES: [&str; 16] = [
    "Ngata", "Walker", "Patel", "Chen", "Murphy", "Kowalski", "Tui", "Hughes", "Singh", "Okafor", "Brandt", "Rossi",
    "Moana", "Fraser", "Nguyen", "Baker",
];
const TOWNS: [(&str, &str); 8] = [
    ("Auckland", "1010"),
    ("Hamilton", "3204"),
    ("Tauranga", "3110"),
    ("Rotorua", "3010"),
    ("Napier", "4110"),
    ("Wellington", "6011"),
    ("Nelson", "7010"),
    ("Dunedin", "9016"),
];
const STREETS: [&str; 8] = [
    "Queen", "Victoria", "Kowhai", "Station", "Church", "Rimu", "Beach", "Manukau",
];
const KINDS: [&str; 4] = ["Dental", "Family Dentists", "Orthodontics", "Dental Studio"];
const SERVICES: [&str; 8] = [
    "Check-ups",
    "Hygiene visits",
    "White fillings",
    "Root canal treatment",
    "Crowns",
    "Implants",
    "Clear aligners",
    "Children's dentistry",
];
const SENTENCES: [&str; 10] = [
    "We believe that a visit to the dentist should hold no surprises, neither in the chair nor on the bill.",
    "Our rooms are on the ground floor and have parking for wheelchair users at the door.",
    "New patients are asked to arrive ten minutes early so that we can take a medical history.",
    "Please tell us a day ahead if you cannot keep your appointment, so that someone else may have it.",
    "We use digital X-rays, which need a fraction of the dose that film once needed.",
    "Children under eighteen are treated without charge under the national scheme.",
    "If you are anxious, say so: we have time, and there is more than one way to make treatment easier.",
    "Every treatment plan is explained and priced in writing before anything is done.",
    "Our instruments are sterilised on site and traced from patient to patient.",
    "A toothache does not wait, so we keep two places free every day for emergencies.",
];

/// What the page of a practice says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PracticeFacts {
    /// Its name.
    pub name: String,
    /// Its phone number in E.164; no two of the first eight million share one.
    pub phone_e164: String,
    /// Its mail address.
    pub email: String,
    /// Street and number.
    pub street: String,
    /// Town.
    pub locality: &'static str,
    /// Postal code.
    pub postal_code: &'static str,
}

/// The facts of practice `n`.
pub fn facts(n: u64) -> PracticeFacts {
    let (locality, postal_code) = pick(&TOWNS, n, 1);
    PracticeFacts {
        name: format!("{} {} {n}", pick(&SURNAMES, n, 2), pick(&KINDS, n, 3)),
        phone_e164: format!("+649{}{:06}", 2 + n / 1_000_000 % 8, n % 1_000_000),
        email: format!("reception@practice-{n}.example"),
        street: format!("{} {} Street", 1 + n % 240, pick(&STREETS, n, 4)),
        locality,
        postal_code,
    }
}

/// The page of practice `n`.
pub fn page(n: u64) -> String {
    let mut html = String::with_capacity(PAGE_BYTES + 1024);
    // Writing to a String cannot fail.
    let _ = write_head(&mut html, n);
    let _ = write_body(&mut html, n);
    html
}

fn write_head(html: &mut String, n: u64) -> std::fmt::Result {
    let PracticeFacts {
        name,
        phone_e164,
        email,
        street,
        locality,
        postal_code,
    } = facts(n);
    write!(
        html,
        r##"<!DOCTYPE html>
<html lang="en-NZ">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name} | Dentist in {locality}</title>
<meta name="description" content="{name} looks after the teeth of {locality}.">
<meta property="og:site_name" content="{name}">
<script type="application/ld+json">
{{"@context":"https://schema.org","@type":"Dentist","name":"{name}","telephone":"{phone_e164}","email":"{email}",
"address":{{"@type":"PostalAddress","streetAddress":"{street}","addressLocality":"{locality}",
"postalCode":"{postal_code}","addressCountry":"NZ"}},"openingHours":["Mo-Th 08:30-17:00","Fr 08:30-15:00"],
"sameAs":["https://www.facebook.com/practice{n}"]}}
</script>
<style>body{{font-family:sans-serif;max-width:60rem;margin:auto}}nav a{{margin-right:1rem}}</style>
</head>
<body>
<nav><a href="#about">About</a><a href="#services">Services</a><a href="#contact">Contact</a></nav>
<h1>{name}</h1>
<section id="contact"><p>{street}, {locality} {postal_code}</p>
<p><a href="tel:{phone_e164}">{phone_e164}</a> <a href="mailto:{email}">{email}</a></p></section>
"##
    )
}

fn write_body(html: &mut String, n: u64) -> std::fmt::Result {
    writeln!(html, "<section id=\"services\"><ul>")?;
    for salt in 10..15 {
        writeln!(html, "<li>{}</li>", pick(&SERVICES, n, salt))?;
    }
    writeln!(html, "</ul></section>\n<section id=\"about\">")?;
    let mut salt = 100;
    while html.len() < PAGE_BYTES {
        writeln!(
            html,
            "<div class=\"row\"><div class=\"col\"><h3>{}</h3>",
            pick(&SERVICES, n, salt)
        )?;
        html.push_str("<p>");
        for sentence in 1..=4 {
            write!(html, "{} ", pick(&SENTENCES, n, salt + sentence))?;
        }
        html.push_str("</p></div></div>\n");
        salt += 5;
    }
    writeln!(html, "</section>\n<footer>&copy; 2026</footer>\n</body>\n</html>")
}

/// One of `words`, spread evenly over n and salt (the finaliser of SplitMix64).
fn pick<T: Copy>(words: &[T], n: u64, salt: u64) -> T {
    let mut mixed = n
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(salt.wrapping_mul(0xd1b5_4a32_d192_ed03));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    words[(mixed % words.len() as u64) as usize]
}
