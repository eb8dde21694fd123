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
    let names: Vec<&str> = csv
        .lines()
        .skip(1)
        .filter(|line| *line != ",,")
        .map(|line| match line.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next().unwrap_or_default(),
            None => line.split(',').next().unwrap_or_default(),
        })
        .collect();
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
async fn one_site_is_in_windows_1252() -> Outcome {
    let sites = SampleSites::start().await?;
    let page = client()?.get(home(&sites, "praxis-mueller")?).send().await?;
    assert_eq!(page.headers()["content-type"], "text/html");
    let bytes = page.bytes().await?;
    assert!(std::str::from_utf8(&bytes).is_err());
    assert!(bytes.windows(6).any(|at| at == b"M\xfcller"));
    Ok(())
}

#[tokio::test]
async fn one_site_has_moved() -> Outcome {
    let sites = SampleSites::start().await?;
    let page = client()?.get(home(&sites, "darebin-dental")?).send().await?;
    assert_eq!(page.url().as_str(), home(&sites, "northcote-smiles")?);
    assert!(page.text().await?.contains("Formerly Darebin Dental"));
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
