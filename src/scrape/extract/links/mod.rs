//! Links: telephone, mail, maps, social profiles, booking engines, and the further pages of the website.

use crate::scrape::extract::context::Context;
use crate::scrape::extract::emails;
use crate::scrape::extract::page::scan::{Anchor, Scan, Zone};
use crate::scrape::extract::phones::labels::{Label, label_alone, label_of};
use crate::scrape::extract::phones::{Candidates, DOUBTFUL};
use crate::scrape::extract::social;
use crate::scrape::extract::whose::credits::credit_start;
use crate::scrape::extract::whose::{Standing, Whose};
use crate::scrape::further;
use crate::scrape::payload::{Fact, Geo, PageFacts, PageLink, PhoneKind, SocialLink, Source};
use crate::scrape::text::{contains_ci, percent_decode, starts_ci};
use std::ops::Range;
use url::Url;

/// Links to further pages that are kept: enough for any `max_pages`.
const MAX_PAGE_LINKS: usize = 60;
/// Profiles and positions of a page that are kept; who links more of them has them of others.
pub(super) const MAX_PROFILES: usize = 100;
pub(super) const MAX_PLACES: usize = 20;

/// Reads every link of the page.
pub(crate) fn read(scan: &Scan, context: &Context, whose: &Whose<'_>, phones: &mut Candidates, facts: &mut PageFacts) {
    for anchor in &scan.anchors {
        let href = anchor.href.trim();
        if anchor.zone == Zone::Quote && !is_web(href) {
            continue;
        }
        let text = &scan.text[anchor.text.clone()];
        if starts_ci(href, "tel:") || starts_ci(href, "callto:") || starts_ci(href, "sms:") || starts_ci(href, "fax:") {
            phone(href, text, scan, whose, anchor, phones);
        } else if starts_ci(href, "mailto:") {
            for mail in emails::from_mailto(href) {
                mailto(mail, text, scan, whose, anchor, facts);
            }
        } else if let Some(mail) = emails::cloudflare::from_href(href).and_then(|mail| emails::normalise(&mail)) {
            mailto(mail, text, scan, whose, anchor, facts);
        } else if let Some(mail) = emails::encoded::from_script_link(href) {
            mailto(mail, text, scan, whose, anchor, facts);
        } else if let Some(url) = context.resolve(href) {
            web(&url, text, anchor, scan, whose, phones, facts);
        }
    }
    scripts(scan, whose, facts);
    for frame in &scan.frames {
        if let Some(url) = context.resolve(frame) {
            if let Some(geo) = map_position(&url) {
                push_place(geo, facts);
            } else if is_booking(&url) {
                push_unique(&mut facts.booking_urls, url.to_string(), Source::Link, 60);
            } else if crate::scrape::url::site_key(&url) == context.site && url != context.url {
                // The content of a frameset stands in its frames.
                facts.links.push(PageLink {
                    url,
                    score: 110,
                    kind: None,
                });
            }
        }
    }
    facts.links.sort_by_key(|link| std::cmp::Reverse(link.score));
    facts.links.truncate(MAX_PAGE_LINKS);
}

fn phone(href: &str, text: &str, scan: &Scan, whose: &Whose<'_>, anchor: &Anchor, phones: &mut Candidates) {
    let Some((scheme, number)) = href.split_once(':') else {
        return;
    };
    let trust = match whose.number(anchor.line, scan.line(anchor.line), place(scan, anchor)) {
        Standing::Foreign => return,
        Standing::Doubtful => DOUBTFUL - 10,
        Standing::Plain => 70,
    };
    let number = percent_decode(number);
    let number = number.split('?').next().unwrap_or_default().trim_start_matches('/');
    let start = anchor.text.start;
    let before = scan
        .lines
        .get(anchor.line)
        .map_or("", |line| &scan.text[line.range.start.min(start)..start]);
    let above = anchor
        .line
        .checked_sub(1)
        .map_or(Label::None, |above| label_alone(scan.line(above)));
    let said = label_of(before);
    let fax = scheme.eq_ignore_ascii_case("fax")
        || matches!(said, Label::Fax)
        || (before.trim().is_empty() && above == Label::Fax)
        || label_of(
            text.trim_start_matches('+')
                .split(|c: char| c.is_ascii_digit())
                .next()
                .unwrap_or_default(),
        ) == Label::Fax
        || label_of(&anchor.label) == Label::Fax;
    let kind = if fax { PhoneKind::Fax } else { PhoneKind::Phone };
    // What the visitor reads is the better spelling of the same number.
    let shown_digits = text.bytes().filter(u8::is_ascii_digit).count();
    let raw = if shown_digits >= 6 && !text.contains(|c: char| c.is_alphabetic()) && same_number(text, number) {
        text
    } else {
        number
    };
    // Where the visitor reads another number, the link was forgotten when the number changed, or is mistyped.
    if raw == number && shown_digits >= 8 && !text.contains(|c: char| c.is_alphabetic()) {
        phones.push(text, kind, Source::Link, trust);
        phones.push(number, kind, Source::Link, trust.min(DOUBTFUL - 10));
        return;
    }
    phones.push(raw, kind, Source::Link, trust);
    if raw != number {
        phones.push(number, kind, Source::Link, trust.min(60));
    }
}

/// A user name without the number that a network puts behind it: "william-meyer-a86677235".
fn without_id(handle: &str) -> &str {
    match handle.rsplit_once('-') {
        Some((name, id)) if id.bytes().filter(u8::is_ascii_digit).count() >= 3 => name,
        _ => handle,
    }
}

/// Keeps a position that a map shows, where there are not too many yet.
fn push_place(geo: Geo, facts: &mut PageFacts) {
    if facts.geo.len() < MAX_PLACES {
        facts.geo.push(Fact::new(geo, Source::Link));
    }
}

/// Where in its line a link stands.
fn place(scan: &Scan, anchor: &Anchor) -> Range<usize> {
    let Some(line) = scan.lines.get(anchor.line) else {
        return 0..0;
    };
    let within = |at: usize| at.clamp(line.range.start, line.range.end) - line.range.start;
    within(anchor.text.start)..within(anchor.text.end.max(anchor.text.start))
}

fn mailto(mail: String, text: &str, scan: &Scan, whose: &Whose<'_>, anchor: &Anchor, facts: &mut PageFacts) {
    let trust = match whose.mail(anchor.line, scan.line(anchor.line), place(scan, anchor), &mail) {
        Standing::Foreign => return,
        Standing::Doubtful => DOUBTFUL - 10,
        // Where the visitor reads another address, the link was forgotten when the address changed.
        Standing::Plain if emails::is_another(text, &mail) => DOUBTFUL - 10,
        Standing::Plain => 70,
    };
    push_unique(&mut facts.emails, mail, Source::Link, trust);
}

/// Reads the scripts that make addresses.
fn scripts(scan: &Scan, whose: &Whose<'_>, facts: &mut PageFacts) {
    let mut functions = emails::scripted::Functions::default();
    for script in scan.scripts.iter().filter(|script| script.zone != Zone::Quote) {
        let mut mails = Vec::new();
        if script.runs {
            mails = emails::scripted::addresses(&script.text, &mut functions);
        } else {
            emails::from_line(&script.text, true, &mut |_, _, mail| mails.push(mail));
        }
        let line = scan.line(script.line);
        let at = script.at.min(line.len());
        let at = if line.is_char_boundary(at) { at } else { 0 };
        for mail in mails {
            let trust = match whose.mail(script.line, line, at..at, &mail) {
                Standing::Foreign => continue,
                Standing::Doubtful => DOUBTFUL - 10,
                Standing::Plain => 60,
            };
            push_unique(&mut facts.emails, mail, Source::Link, trust);
        }
    }
}

/// Whether two spellings end in the same six digits.
fn same_number(one: &str, other: &str) -> bool {
    let tail = |text: &str| {
        text.bytes()
            .rev()
            .filter(u8::is_ascii_digit)
            .take(6)
            .collect::<Vec<_>>()
    };
    tail(one) == tail(other)
}

/// Whether a link leads to a page rather than to a telephone or a mail program.
fn is_web(href: &str) -> bool {
    !["tel:", "callto:", "sms:", "fax:", "mailto:"]
        .iter()
        .any(|scheme| starts_ci(href, scheme))
        && !href.contains("/email-protection#")
}

/// Whether a link stands behind the words with which the makers of the website name themselves.
fn is_credit(scan: &Scan, anchor: &Anchor) -> bool {
    let Some(line) = scan.lines.get(anchor.line) else {
        return false;
    };
    let before = anchor.text.start.max(line.range.start) - line.range.start;
    line.range.len() < 2_000 && credit_start(scan.line(anchor.line)).is_some_and(|at| at <= before)
}

fn web(
    url: &Url,
    text: &str,
    anchor: &Anchor,
    scan: &Scan,
    whose: &Whose<'_>,
    phones: &mut Candidates,
    facts: &mut PageFacts,
) {
    let context = whose.context();
    // Builders that count clicks lead through a page of their own.
    let through = redirected(url);
    let url = through.as_ref().unwrap_or(url);
    if let Some(mail) = composed(url) {
        return mailto(mail, text, scan, whose, anchor, facts);
    }
    if anchor.zone != Zone::Quote {
        let own_name = |profile: &SocialLink| context.domain.resembles(without_id(social::handle(profile)));
        if let Some(profile) = social::profile(url).or_else(|| social::personal(url).filter(own_name)) {
            let line = scan.line(anchor.line);
            let place = place(scan, anchor);
            let handle = social::handle(&profile);
            let trust = match whose.profile(anchor.line, line, place, handle) {
                Standing::Foreign => return,
                Standing::Doubtful => DOUBTFUL - 10,
                Standing::Plain if matches!(anchor.zone, Zone::Header | Zone::Footer) => 70,
                Standing::Plain => 50,
            };
            let room = facts.social.len() < MAX_PROFILES;
            match facts.social.iter_mut().find(|known| known.value == profile) {
                Some(known) => known.trust = known.trust.max(trust),
                None if room => facts.social.push(Fact::with_trust(profile, Source::Link, trust)),
                None => {}
            }
            return;
        }
        if let Some(number) = whatsapp(url) {
            let trust = match whose.number(anchor.line, scan.line(anchor.line), place(scan, anchor)) {
                Standing::Foreign => return,
                Standing::Doubtful => DOUBTFUL - 10,
                Standing::Plain => 55,
            };
            phones.push(&format!("+{number}"), PhoneKind::Phone, Source::Link, trust);
            return;
        }
        if let Some(geo) = map_position(url) {
            push_place(geo, facts);
            return;
        }
    }
    let own = crate::scrape::url::site_key(url) == context.site;
    if is_booking(url) || (own && is_booking_path(url)) {
        push_unique(
            &mut facts.booking_urls,
            url.to_string(),
            Source::Link,
            if own { 40 } else { 60 },
        );
    } else if !own && says_book(text) && !is_credit(scan, anchor) {
        push_unique(&mut facts.booking_urls, url.to_string(), Source::Link, 50);
    }
    if own && *url != context.url {
        let shown = if text.is_empty() { anchor.label.as_str() } else { text };
        let room = facts.links.len() < 400;
        let known = facts.links.iter_mut().find(|link| link.url == *url);
        match (known, further::link(url, shown)) {
            (Some(known), Some(new)) if new.score > known.score => *known = new,
            (None, Some(new)) if room => facts.links.push(new),
            _ => {}
        }
    }
}

/// Whom a link to a mailbox on the web writes to: `https://mail.google.com/mail/?view=cm&to=info@smile.nz`.
fn composed(url: &Url) -> Option<String> {
    let writes = matches!(
        url.host_str()?,
        "mail.google.com" | "outlook.live.com" | "outlook.office.com" | "compose.mail.yahoo.com"
    );
    let (_, to) = url.query_pairs().filter(|_| writes).find(|(key, _)| key == "to")?;
    emails::normalise(&to)
}

/// Where a link through Google's or Facebook's counting page leads to.
fn redirected(url: &Url) -> Option<Url> {
    let host = url.host_str()?;
    let google = (host == "www.google.com" || host == "google.com") && url.path() == "/url";
    let facebook = host == "l.facebook.com" || host == "l.instagram.com";
    if !google && !facebook {
        return None;
    }
    let (_, target) = url.query_pairs().find(|(key, _)| matches!(&**key, "q" | "url" | "u"))?;
    Url::parse(&target)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
}

fn whatsapp(url: &Url) -> Option<String> {
    let number = match url.host_str()? {
        "wa.me" => url.path().trim_matches('/').to_owned(),
        "api.whatsapp.com" | "web.whatsapp.com" => url.query_pairs().find(|(key, _)| key == "phone")?.1.into_owned(),
        _ => return None,
    };
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    (digits.len() >= 8).then_some(digits)
}

/// The position that a map link or an embedded map shows.
fn map_position(url: &Url) -> Option<Geo> {
    let host = url.host_str()?;
    let google = host.contains("google.") && (host.starts_with("maps.") || url.path().starts_with("/maps"));
    if google {
        if let Some(geo) = between(url.as_str(), "!3d", "!4d").or_else(|| embedded(url.as_str())) {
            return Some(geo);
        }
        let pair = url
            .query_pairs()
            .find(|(key, value)| matches!(&**key, "ll" | "q" | "query" | "center" | "daddr") && pair(value).is_some());
        return pair.and_then(|(_, value)| self::pair(&value));
    }
    if host.ends_with("openstreetmap.org") {
        let value = |name: &str| {
            url.query_pairs()
                .find(|(key, _)| key == name)
                .and_then(|(_, value)| value.parse().ok())
        };
        return position(value("mlat")?, value("mlon")?);
    }
    None
}

/// `!3dLAT!4dLNG`: the place that a Google map is about.
fn between(text: &str, lat: &str, lng: &str) -> Option<Geo> {
    let after = |mark: &str| {
        let rest = &text[text.rfind(mark)? + mark.len()..];
        let end = rest
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-')))
            .unwrap_or(rest.len());
        rest[..end].parse().ok()
    };
    position(after(lat)?, after(lng)?)
}

/// `!2dLNG!3dLAT`: the order of Google's embedded maps.
fn embedded(text: &str) -> Option<Geo> {
    text.contains("/embed").then(|| between(text, "!3d", "!2d")).flatten()
}

fn pair(value: &str) -> Option<Geo> {
    let (lat, lng) = value.split_once(',')?;
    position(lat.trim().parse().ok()?, lng.trim().parse().ok()?)
}

/// A position on Earth that is not the origin, which programs write when they know none.
pub(crate) fn position(lat: f64, lng: f64) -> Option<Geo> {
    let real = lat.is_finite() && lng.is_finite() && lat.abs() <= 90.0 && lng.abs() <= 180.0;
    (real && (lat.abs() > 0.01 || lng.abs() > 0.01)).then_some(Geo { lat, lng })
}

/// Hosts of engines that take bookings for practices, restaurants and shops.
fn is_booking(url: &Url) -> bool {
    const ENGINES: [&str; 34] = [
        "hotdoc.com.au",
        "healthengine.com.au",
        "centaurportal.com",
        "corepractice.is",
        "dentally.co",
        "dentally.com",
        "zocdoc.com",
        "nexhealth.com",
        "localmed.com",
        "doctolib.de",
        "doctolib.fr",
        "doctolib.it",
        "jameda.de",
        "dr-flex.de",
        "samedi.de",
        "calendly.com",
        "acuityscheduling.com",
        "setmore.com",
        "cliniko.com",
        "janeapp.com",
        "fresha.com",
        "timely.com",
        "gettimely.com",
        "opentable.com",
        "opentable.co.uk",
        "resy.com",
        "sevenrooms.com",
        "quandoo.de",
        "bookwhen.com",
        "simplybook.me",
        "simplybook.it",
        "youcanbook.me",
        "phorest.com",
        "treatwell.de",
    ];
    let Some(host) = url.host_str() else { return false };
    let path = url.path();
    ENGINES.iter().any(|engine| {
        host == *engine
            || host
                .strip_suffix(engine)
                .is_some_and(|rest| rest.ends_with('.') && (rest != "www." || path.len() > 1))
    }) && (path.len() > 1 || host.matches('.').count() >= 2)
}

fn is_booking_path(url: &Url) -> bool {
    let path = url.path().to_ascii_lowercase();
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    matches!(
        last.trim_end_matches(".html").trim_end_matches(".php"),
        "book"
            | "book-now"
            | "booking"
            | "bookings"
            | "book-online"
            | "book-an-appointment"
            | "online-booking"
            | "make-an-appointment"
            | "book-appointment"
            | "request-appointment"
            | "request-an-appointment"
            | "schedule"
            | "termin"
            | "termin-buchen"
            | "online-termin"
            | "terminvereinbarung"
            | "termine"
            | "reservierung"
            | "reservation"
            | "reservations"
            | "rendez-vous"
            | "appointments"
            | "appointment"
            | "prendre-rendez-vous"
            | "reserve"
    )
}

fn says_book(text: &str) -> bool {
    const WORDS: [&str; 11] = [
        "book now",
        "book online",
        "book an appointment",
        "book appointment",
        "make a booking",
        "online buchen",
        "termin buchen",
        "termin vereinbaren",
        "prendre rendez-vous",
        "reserve a table",
        "book a table",
    ];
    text.len() < 60 && WORDS.iter().any(|words| contains_ci(text, words))
}

/// Adds a value, or raises the trust of the one that is there.
pub(crate) fn push_unique(list: &mut Vec<Fact<String>>, value: String, source: Source, trust: u8) {
    let room = list.len() < 100;
    match list.iter_mut().find(|known| known.value == value) {
        Some(known) => {
            known.source = known.source.min(source);
            known.trust = known.trust.max(trust);
        }
        None if room => list.push(Fact::with_trust(value, source, trust)),
        None => {}
    }
}

#[cfg(test)]
mod tests;
