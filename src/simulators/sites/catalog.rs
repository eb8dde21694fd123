//! Which sites there are and how each behaves.

use std::time::Duration;

const UTF8: &str = "text/html; charset=utf-8";
/// Nothing but the page itself, or nothing at all, says in which encoding it is.
const UNDECLARED: &str = "text/html";
pub(super) const XML: &str = "application/xml";

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
    /// 302 from `/` to this path.
    EntersAt(&'static str),
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
    // Windows-1252, which a meta element says.
    site(
        "praxis-mueller",
        Behaviour::Serves,
        &[page!("/", UNDECLARED, "praxis-mueller/index.html")],
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
    // Its structured data is damaged, its e-mail address hidden by Cloudflare; open by night.
    site(
        "willow-lane-vets",
        Behaviour::Serves,
        &[page!("/", "willow-lane-vets/index.html")],
    ),
    // RDFa Lite, in Māori and English.
    site(
        "te-puna-niho",
        Behaviour::Serves,
        &[page!("/", "te-puna-niho/index.html")],
    ),
    // Two locations, and hours in a table with a day by appointment.
    site(
        "blue-gum-physio",
        Behaviour::Serves,
        &[
            page!("/", "blue-gum-physio/index.html"),
            page!("/locations", "blue-gum-physio/locations.html"),
        ],
    ),
    // A template of which the owner has replaced some of the placeholders.
    site(
        "wharfedale-opticians",
        Behaviour::Serves,
        &[page!("/", "wharfedale-opticians/index.html")],
    ),
    // The home page links to nothing; the site map knows the rest.
    site(
        "cedar-hill-family",
        Behaviour::Serves,
        &[
            page!("/", "cedar-hill-family/index.html"),
            page!("/visit-us", "cedar-hill-family/visit-us.html"),
            page!("/our-dentists", "cedar-hill-family/our-dentists.html"),
            page!("/sitemap.xml", XML, "cedar-hill-family/sitemap.xml"),
        ],
    ),
    // A meta refresh leads to the home page in the first of two languages.
    site(
        "plateau-physio",
        Behaviour::Serves,
        &[
            page!("/", "plateau-physio/index.html"),
            page!("/fr/accueil.html", "plateau-physio/accueil.html"),
            page!("/fr/joindre.html", "plateau-physio/joindre.html"),
        ],
    ),
    // An e-mail address with "(at)", and an imprint that names the host of the website too.
    site(
        "cabinet-des-tilleuls",
        Behaviour::Serves,
        &[
            page!("/", "cabinet-des-tilleuls/index.html"),
            page!("/acces-et-horaires/", "cabinet-des-tilleuls/acces.html"),
            page!("/equipe/", "cabinet-des-tilleuls/equipe.html"),
            page!("/mentions-legales/", "cabinet-des-tilleuls/mentions.html"),
        ],
    ),
    // Windows-1252, which nothing says; everything is in one line of the footer.
    site(
        "clinica-la-paloma",
        Behaviour::Serves,
        &[
            page!("/", UNDECLARED, "clinica-la-paloma/index.html"),
            page!("/equipo.html", UNDECLARED, "clinica-la-paloma/equipo.html"),
        ],
    ),
    // Telephone, e-mail and map are icons: links without a text.
    site(
        "studio-bellosguardo",
        Behaviour::Serves,
        &[
            page!("/", "studio-bellosguardo/index.html"),
            page!("/chi-siamo", "studio-bellosguardo/chi-siamo.html"),
        ],
    ),
    // The language is part of the path, and two lines for two purposes.
    site(
        "praktijk-de-singel",
        Behaviour::EntersAt("/nl/"),
        &[
            page!("/nl/", "praktijk-de-singel/index.html"),
            page!(
                "/nl/praktijk/contactgegevens",
                "praktijk-de-singel/contactgegevens.html"
            ),
            page!("/nl/praktijk/ons-team", "praktijk-de-singel/ons-team.html"),
        ],
    ),
    // Shift_JIS, which a meta element says.
    site(
        "midori-shika",
        Behaviour::Serves,
        &[
            page!("/", UNDECLARED, "midori-shika/index.html"),
            page!("/index.html", UNDECLARED, "midori-shika/index.html"),
        ],
    ),
    // Nothing but a script.
    site(
        "pulse-chiropractic",
        Behaviour::Serves,
        &[page!("/", "pulse-chiropractic/index.html")],
    ),
    // The domain has gone to a trader.
    site(
        "marlow-podiatry",
        Behaviour::Serves,
        &[page!("/", "marlow-podiatry/index.html")],
    ),
];
