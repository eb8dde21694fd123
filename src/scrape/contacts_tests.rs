#![allow(clippy::unwrap_used, clippy::expect_used)]
use crate::scrape::extract::extract_html;

#[test]
fn sites_give_their_own_contacts() {
    use crate::scrape::payload::{CleanUrlPayload, ScrapePayload, ScrapedPage};
    let site = |pages: &[(&str, &str)]| {
        let pages = pages
            .iter()
            .map(|(path, html)| {
                let url = format!("https://smilehaus.co.nz/{path}");
                ScrapedPage {
                    facts: extract_html(html, &url.parse().unwrap(), Some("NZ")),
                    url,
                    status: Some(200),
                    bytes: 1,
                    error: None,
                    ..ScrapedPage::default()
                }
            })
            .collect();
        let clean = crate::scrape::clean_url("https://smilehaus.co.nz/").unwrap();
        let merged = crate::scrape::merge(
            &CleanUrlPayload::from(&clean),
            &ScrapePayload {
                final_url: String::new(),
                pages,
                extra: serde_json::Map::new(),
            },
        );
        let phones: Vec<String> = merged
            .phones
            .into_iter()
            .map(|p| {
                format!(
                    "{}{}",
                    if p.kind == crate::scrape::payload::PhoneKind::Fax {
                        "f"
                    } else {
                        ""
                    },
                    p.e164.unwrap()
                )
            })
            .collect();
        (phones, merged.emails, merged.social.into_values().collect::<Vec<_>>())
    };
    let s = |list: &[&str]| list.iter().map(|x| (*x).to_owned()).collect::<Vec<String>>();
    let mut failed = Vec::new();
    for (pages, phones, emails, social) in [
        (
            vec![(
                "",
                r#"<a href="tel:095247381">Call</a><a href="mailto:hi@smilehaus.co.nz?subject=x">e</a><a href="https://www.facebook.com/smilehausnz/?ref=bookmarks"><i></i></a><footer>Site by <a href="https://zest.nz">Zest</a> | <a href="https://www.facebook.com/zestdesign">f</a></footer>"#,
            )],
            s(&["+6495247381"]),
            s(&["hi@smilehaus.co.nz"]),
            s(&["https://www.facebook.com/smilehausnz"]),
        ),
        (
            vec![
                ("", r#"<p>Ph 09 524 7381</p><p>Email: smilehaus@xtra.co.nz</p>"#),
                (
                    "privacy",
                    r#"<p>Contact our privacy officer: privacy@lawfirm.co.nz or the Privacy Commissioner, 0800 803 909, enquiries@privacy.org.nz</p>"#,
                ),
            ],
            s(&["+6495247381"]),
            s(&["smilehaus@xtra.co.nz"]),
            s(&[]),
        ),
        (
            vec![(
                "",
                r#"<table><tr><td>Phone</td><td>09 524 7381</td></tr><tr><td>Fax</td><td>09 524 7382</td></tr><tr><td>After hours</td><td>027 524 7381</td></tr></table><p>jane.smith@gmail.com</p>"#,
            )],
            s(&["+6495247381", "f+6495247382", "+64275247381"]),
            s(&["jane.smith@gmail.com"]),
            s(&[]),
        ),
        (
            vec![(
                "",
                r#"<p>Tel: 09 524 7381/2</p><p>GST No: 095-247-382</p><p>© 2010-2024</p>"#,
            )],
            s(&["+6495247381", "+6495247382"]),
            s(&[]),
            s(&[]),
        ),
        (
            vec![(
                "",
                r#"<div>0800 SMILES (0800 764 537)</div><div>reception [at] smilehaus.co.nz</div><a href="https://www.linkedin.com/in/jane-smith">in</a><a href="https://instagram.com/p/Cabc">i</a>"#,
            )],
            s(&["+64800764537"]),
            s(&["reception@smilehaus.co.nz"]),
            s(&[]),
        ),
        (
            vec![("", r#"<p>T: +64 9 524 7381 F: +64 9 524 7382 M: 021 524 738</p>"#)],
            s(&["+6495247381", "f+6495247382", "+6421524738"]),
            s(&[]),
            s(&[]),
        ),
        (
            vec![(
                "",
                r#"<p>Phone 09 524 7381 ext 5</p><p>Parcel tracking NZ095247389</p><p>Order 0952473811</p><input value="09 111 2222"><script>var p='09 524 9999';</script><!-- 09 524 8888 --><noscript><img src="https://x/?id=095247777"></noscript>"#,
            )],
            s(&["+6495247381"]),
            s(&[]),
            s(&[]),
        ),
        (
            vec![(
                "",
                r#"<a href="https://wa.me/64215247381">WhatsApp</a><a href="https://www.youtube.com/watch?v=abc">v</a><a href="https://youtube.com/@smilehaus">y</a><a href="https://twitter.com/share?text=x">t</a><a href="https://www.tiktok.com/@smilehaus?lang=en">k</a>"#,
            )],
            s(&["+64215247381"]),
            s(&[]),
            s(&[
                "https://www.tiktok.com/@smilehaus",
                "https://www.youtube.com/@smilehaus",
            ]),
        ),
        (
            vec![(
                "",
                r#"<p>Accounts: accounts@smilehaus.co.nz</p><p>Jobs: careers@recruitco.co.nz</p><p>info@example.com</p><p>user@domain.com</p><img src="logo@2x.png"><p>605a7baede844d278b89dc95ae0a9123@sentry-next.wixpress.com</p>"#,
            )],
            s(&[]),
            s(&["accounts@smilehaus.co.nz"]),
            s(&[]),
        ),
        (
            vec![
                ("", r#"<h1>Smile</h1><p>Phone: 09 524 7381</p>"#),
                (
                    "team",
                    r#"<h3>Dr Jane Smith</h3><p>BDS Otago. Direct dial 09 524 7390. <a href="https://www.instagram.com/drjane_smith_lifts">Instagram</a></p>"#,
                ),
            ],
            s(&["+6495247381", "+6495247390"]),
            s(&[]),
            s(&[]),
        ),
        (
            vec![(
                "",
                r##"<p>Call (09) 524-7381 or (09) 524-7382</p><p>E: info&#64;smilehaus&#46;co&#46;nz</p><p>hello<span>@</span>smilehaus.co.nz</p><p><a href="mailto:team%40smilehaus.co.nz">Mail</a></p>"##,
            )],
            s(&["+6495247381", "+6495247382"]),
            s(&["team@smilehaus.co.nz", "info@smilehaus.co.nz", "hello@smilehaus.co.nz"]),
            s(&[]),
        ),
    ] {
        let (mut p, mut e, mut so) = site(&pages);
        let (mut ep, mut ee, mut es) = (phones, emails, social);
        for list in [&mut p, &mut e, &mut so, &mut ep, &mut ee, &mut es] {
            list.sort();
        }
        if (&p, &e, &so) != (&ep, &ee, &es) {
            failed.push(format!(
                "{:?}\n   {p:?} {e:?} {so:?}\n   {ep:?} {ee:?} {es:?}",
                pages[0].1
            ));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
