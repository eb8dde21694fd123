mod findings;

use std::error::Error;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::SampleSites;

type Outcome = Result<(), Box<dyn Error>>;

fn client() -> Result<reqwest::Client, reqwest::Error> {
    // Another test may have been first to install it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().build()
}

fn home(sites: &SampleSites, name: &str) -> Result<String, Box<dyn Error>> {
    Ok(sites.url(name).ok_or("no such site")?)
}

#[tokio::test]
async fn the_list_names_every_site_and_fits_what_is_expected() -> Outcome {
    let sites = SampleSites::start().await?;
    let csv = sites.demo_csv();
    assert!(!csv.contains('{'), "every placeholder is filled in:\n{csv}");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(
        reader.headers()?,
        [
            "Practice name",
            "City",
            "Website",
            "Phone",
            "Account owner",
            "Last contact",
            "Notes"
        ]
        .as_slice()
    );
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>()?;
    let names: Vec<&str> = rows.iter().map(|row| &row[0]).filter(|name| !name.is_empty()).collect();
    assert_eq!(names.len(), rows.len() - 1, "one row is blank");
    let expected: Vec<&str> = sites.expected().iter().map(|row| row.name).collect();
    assert_eq!(names, expected);
    for row in sites.expected() {
        if let Some(leader) = row.duplicate_of {
            assert!(expected.contains(&leader));
        }
    }
    Ok(())
}

#[tokio::test]
async fn good_sites_serve_their_pages() -> Outcome {
    let sites = SampleSites::start().await?;
    let client = client()?;
    let karori = home(&sites, "karori-medical")?;
    for path in ["", "contact-us/", "our-team/", "opening-hours/", "services/"] {
        let page = client.get(format!("{karori}{path}")).send().await?.error_for_status()?;
        assert!(page.text().await?.contains("Karori Medical Centre"));
    }
    assert_eq!(client.get(format!("{karori}robots.txt")).send().await?.status(), 404);
    Ok(())
}

#[tokio::test]
async fn some_sites_are_in_encodings_that_their_server_does_not_name() -> Outcome {
    let sites = SampleSites::start().await?;
    for (site, encoding, word, declared) in [
        ("praxis-mueller", encoding_rs::WINDOWS_1252, "Müller", true),
        ("clinica-la-paloma", encoding_rs::WINDOWS_1252, "Clínica", false),
        ("midori-shika", encoding_rs::SHIFT_JIS, "みどり歯科医院", true),
    ] {
        let page = client()?.get(home(&sites, site)?).send().await?;
        assert_eq!(page.headers()["content-type"], "text/html", "{site}");
        let bytes = page.bytes().await?;
        assert!(std::str::from_utf8(&bytes).is_err(), "{site}");
        let (text, _, damaged) = encoding.decode(&bytes);
        assert!(!damaged && text.contains(word), "{site}");
        assert_eq!(text.contains("charset"), declared, "{site}");
    }
    Ok(())
}

#[tokio::test]
async fn pages_are_compressed_for_those_who_ask_for_it() -> Outcome {
    let sites = SampleSites::start().await?;
    let client = reqwest::Client::builder()
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .build()?;
    let ask = |encoding| {
        client
            .get(home(&sites, "plateau-physio").unwrap_or_default() + "fr/accueil.html")
            .header("accept-encoding", encoding)
    };
    let packed = ask("gzip").send().await?;
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert!(packed.bytes().await?.starts_with(&[0x1f, 0x8b]));
    let plain = ask("identity").send().await?;
    assert!(!plain.headers().contains_key("content-encoding"));
    assert!(plain.text().await?.contains("Bouger sans douleur"));
    Ok(())
}

#[tokio::test]
async fn some_home_pages_are_elsewhere() -> Outcome {
    let sites = SampleSites::start().await?;
    let client = client()?;
    let moved = client.get(home(&sites, "darebin-dental")?).send().await?;
    assert_eq!(moved.url().as_str(), home(&sites, "northcote-smiles")?);
    assert!(moved.text().await?.contains("Formerly Darebin Dental"));
    let dutch = client.get(home(&sites, "praktijk-de-singel")?).send().await?;
    assert_eq!(dutch.url().path(), "/nl/");
    let map = format!("{}sitemap.xml", home(&sites, "cedar-hill-family")?);
    let map = client.get(map).send().await?.text().await?;
    let contact = format!("<loc>{}visit-us</loc>", home(&sites, "cedar-hill-family")?);
    assert!(map.contains(&contact), "{map}");
    Ok(())
}

#[tokio::test]
async fn bad_sites_are_bad_in_their_own_way() -> Outcome {
    let sites = SampleSites::start().await?;
    let client = client()?;
    let broken = home(&sites, "takapuna-orthodontics")?;
    assert_eq!(client.get(format!("{broken}robots.txt")).send().await?.status(), 404);
    for status in [500, 500, 200, 200] {
        assert_eq!(client.get(&broken).send().await?.status(), status);
    }
    for (site, status) in [("southbank-implants", 500), ("bayside-physio", 404)] {
        for _ in 0..3 {
            assert_eq!(client.get(home(&sites, site)?).send().await?.status(), status);
        }
    }
    let refused = client.get(home(&sites, "linden-ent")?).send().await;
    assert!(refused.is_err_and(|error| error.is_connect()));
    let robots = format!("{}robots.txt", home(&sites, "st-kilda-skin")?);
    assert!(client.get(robots).send().await?.text().await?.contains("Disallow: /"));
    let before = Instant::now();
    assert_eq!(client.get(home(&sites, "mount-street")?).send().await?.status(), 200);
    assert!(before.elapsed() >= Duration::from_millis(1500));
    Ok(())
}

#[tokio::test]
async fn sites_end_when_dropped() -> Outcome {
    let sites = SampleSites::start().await?;
    let address = sites.addresses["lindenhof"];
    assert!(TcpStream::connect(address).is_ok());
    drop(sites);
    assert!(TcpStream::connect(address).is_err());
    Ok(())
}
