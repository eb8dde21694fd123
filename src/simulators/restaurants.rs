//! Websites of three restaurants of Auckland, whose companies the [register](super::nzbn) knows.

use std::io;
use std::net::SocketAddr;

use actix_web::{HttpResponse, web};

use super::serving::Serving;

/// One restaurant's website.
struct Site {
    name: &'static str,
    page: &'static str,
}

const SITES: [Site; 3] = [
    Site {
        name: "Pizza Palace",
        page: r#"<!doctype html><html lang="en-NZ"><head><title>Pizza Palace | Wood-fired pizza in Auckland</title>
<script type="application/ld+json">{"@context": "https://schema.org", "@type": "Restaurant", "name": "Pizza Palace",
"telephone": "+64 9 555 0101", "email": "ciao@pizzapalace.kiwi", "description": "Wood-fired pizza since 2009.",
"address": {"@type": "PostalAddress", "streetAddress": "12 Queen Street", "addressLocality": "Auckland",
"postalCode": "1010", "addressCountry": "NZ"}, "openingHours": "Tu-Su 11:30-22:00"}</script></head>
<body><h1>Pizza Palace</h1><p>Wood-fired pizza since 2009.</p></body></html>"#,
    },
    Site {
        name: "Burger House",
        page: r#"<!doctype html><html lang="en-NZ"><head><title>Burger House Ponsonby</title></head><body>
<h1>Burger House</h1><p>Call us: <a href="tel:+6495550201">(09) 555 0201</a></p>
<p><a href="mailto:hello@burgerhouse.kiwi">hello@burgerhouse.kiwi</a></p>
<address>88 Ponsonby Road, Ponsonby, Auckland 1011, New Zealand</address>
<p>Open Monday to Friday 11:00 - 21:00</p></body></html>"#,
    },
    Site {
        name: "Chicken Shop",
        page: r#"<!doctype html><html lang="en-NZ"><head><title>The Chicken Shop, Sandringham</title></head><body>
<h1>The Chicken Shop</h1><footer>25 Sandringham Road, Sandringham, Auckland 1025, New Zealand<br>Phone 09 555 0301<br>
kia.ora@chickenshop.kiwi<br>Every day 10am to 10pm</footer></body></html>"#,
    },
];

/// The websites, each at an address of its own, until this is dropped.
pub struct Restaurants(Vec<(SocketAddr, Serving)>);

impl Restaurants {
    /// Serves all of them on loopback. Any runtime will do.
    pub async fn start() -> io::Result<Self> {
        let mut serving = Vec::with_capacity(SITES.len());
        for site in &SITES {
            let page = site.page;
            let served = Serving::on_loopback(move |app| {
                let answer =
                    move || async move { HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page) };
                app.route("/", web::get().to(answer));
            });
            serving.push(served.await?);
        }
        Ok(Self(serving))
    }

    /// Name and address of each.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, String)> {
        let served = SITES.iter().zip(&self.0);
        served.map(|(site, (address, _))| (site.name, format!("http://{address}/")))
    }
}
