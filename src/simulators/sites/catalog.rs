//! Which sites there are, how each behaves, and what the rows of the sample list end as.

use std::time::Duration;

const UTF8: &str = "text/html; charset=utf-8";

/// How a site answers.
pub(super) enum Behaviour {
    /// At once.
    Serves,
    /// After a while.
    Slow(Duration),
    /// 500 for the first so many fetches of a page.
    FailsAtFirst(usize),
    /// 500 for ever.
    Fails,
    /// 404 for everything.
    Gone,
    /// 301 to the same path of another site.
    MovedTo(&'static str),
    /// Does not accept connections.
    Refuses,
}

/// One document of a site.
pub(super) struct Page {
    pub(super) path: &'static str,
    pub(super) content_type: &'static str,
    pub(super) body: &'static [u8],
}

/// One website.
pub(super) struct SiteEntry {
    pub(super) name: &'static str,
    pub(super) behaviour: Behaviour,
    pub(super) pages: &'static [Page],
}

/// What one row of the sample list ends as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedRow {
    /// The name in the list.
    pub name: &'static str,
    /// The status of the practice when the job has completed.
    pub status: &'static str,
    /// The name of the row whose outcome this one takes, where it is a duplicate.
    pub duplicate_of: Option<&'static str>,
    /// The phone number that stands on the site, in E.164.
    pub phone: Option<&'static str>,
}

macro_rules! page {
    ($path:literal, $file:literal) => {
        page!($path, UTF8, $file)
    };
    ($path:literal, $content_type:expr, $file:literal) => {
        Page {
            path: $path,
            content_type: $content_type,
            body: include_bytes!(concat!("pages/", $file)),
        }
    };
}

const fn site(name: &'static str, behaviour: Behaviour, pages: &'static [Page]) -> SiteEntry {
    SiteEntry { name, behaviour, pages }
}

/// Every bundled site; the name is that of its folder and of its placeholder in the list.
pub(super) const SITES: &[SiteEntry] = &[
    site(
        "harbour-street-dental",
        Behaviour::Serves,
        &[page!("/", "harbour-street-dental/index.html")],
    ),
    site(
        "fitzroy-dental",
        Behaviour::Serves,
        &[page!("/", "fitzroy-dental/index.html")],
    ),
    site(
        "ashdown-surgery",
        Behaviour::Serves,
        &[page!("/", "ashdown-surgery/index.html")],
    ),
    site(
        "karori-medical",
        Behaviour::Serves,
        &[
            page!("/", "karori-medical/index.html"),
            page!("/contact-us/", "karori-medical/contact.html"),
            page!("/our-team/", "karori-medical/team.html"),
            page!("/opening-hours/", "karori-medical/hours.html"),
            page!("/services/", "karori-medical/services.html"),
            page!("/news/", "karori-medical/news.html"),
        ],
    ),
    site(
        "lindenhof",
        Behaviour::Serves,
        &[
            page!("/", "lindenhof/index.html"),
            page!("/index.html", "lindenhof/index.html"),
            page!("/kontakt.html", "lindenhof/kontakt.html"),
            page!("/team.html", "lindenhof/team.html"),
            page!("/sprechzeiten.html", "lindenhof/sprechzeiten.html"),
            page!("/leistungen.html", "lindenhof/leistungen.html"),
            page!("/impressum.html", "lindenhof/impressum.html"),
        ],
    ),
    // Only the page itself says in which encoding it is.
    site(
        "praxis-mueller",
        Behaviour::Serves,
        &[page!("/", "text/html", "praxis-mueller/index.html")],
    ),
    site("darebin-dental", Behaviour::MovedTo("northcote-smiles"), &[]),
    site(
        "northcote-smiles",
        Behaviour::Serves,
        &[page!("/", "northcote-smiles/index.html")],
    ),
    site(
        "mount-street",
        Behaviour::Slow(Duration::from_millis(1500)),
        &[page!("/", "mount-street/index.html")],
    ),
    site(
        "takapuna-orthodontics",
        Behaviour::FailsAtFirst(2),
        &[page!("/", "takapuna-orthodontics/index.html")],
    ),
    site(
        "southbank-implants",
        Behaviour::Fails,
        &[page!("/", "southbank-implants/error.html")],
    ),
    site(
        "bayside-physio",
        Behaviour::Gone,
        &[page!("/", "bayside-physio/404.html")],
    ),
    site("linden-ent", Behaviour::Refuses, &[]),
    site(
        "st-kilda-skin",
        Behaviour::Serves,
        &[
            page!("/", "st-kilda-skin/index.html"),
            page!("/robots.txt", "text/plain", "st-kilda-skin/robots.txt"),
        ],
    ),
];

const fn found(name: &'static str, phone: &'static str) -> ExpectedRow {
    ExpectedRow {
        name,
        status: "aggregated",
        duplicate_of: None,
        phone: Some(phone),
    }
}

const fn failed(name: &'static str) -> ExpectedRow {
    ExpectedRow {
        name,
        status: "error",
        duplicate_of: None,
        phone: None,
    }
}

/// The outcome of every row of the sample list that is not blank, in its order.
pub const EXPECTED: &[ExpectedRow] = &[
    found("Harbour Street Dental", "+6495550123"),
    found("Fitzroy Family Dental", "+61370100142"),
    found("Ashdown Surgery (Dr Prosser, Dr Mehta)", "+441174960182"),
    found("Karori Medical Centre", "+6445550134"),
    found("Zahnärzte am Lindenhof", "+494066969210"),
    found("Praxis Dr. Müller & Kollegen, Hausärzte", "+492214710355"),
    found("Darebin Dental", "+61370100177"),
    found("Mount Street Clinic", "+442079460188"),
    ExpectedRow {
        name: "HARBOUR STREET DENTAL, Auckland",
        status: "aggregated",
        duplicate_of: Some("Harbour Street Dental"),
        phone: Some("+6495550123"),
    },
    found("Takapuna Orthodontics", "+6495550167"),
    failed("Southbank Implant Centre"),
    failed("Bayside Physio"),
    failed("Linden Ear Nose Throat"),
    failed("St Kilda Skin Clinic"),
    failed("Dr P. Patel"),
];
