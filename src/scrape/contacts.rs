//! Which of the telephone numbers, e-mail addresses and profiles that the pages gave are the business's own.
//!
//! A page alone cannot tell: a number after a name in a sentence may be a partner's, an address at another domain a
//! supplier's. Beside better values such go; where they are all there is, they stay.

use super::extract::Domain;
use super::extract::emails::is_mailbox_host;
use super::extract::phones::DOUBTFUL;
use super::extract::social::handle;
use super::merge::Heard;
use super::payload::{Phone, PhoneKind, SocialLink, Source};
use std::collections::HashSet;

/// The numbers, without those that are doubtful beside better ones. One that a page calls a fax machine is no telephone
/// unless the same page or its markup calls it both.
pub(super) fn phones(mut heard: Vec<Heard<'_, Phone>>) -> Vec<Heard<'_, Phone>> {
    trusted(&mut heard);
    let fax: HashSet<String> = heard
        .iter()
        .filter(|one| one.fact.value.kind == PhoneKind::Fax)
        .filter_map(|one| one.fact.value.e164.clone())
        .collect();
    let both: HashSet<String> = heard
        .iter()
        .filter(|one| one.fact.value.kind == PhoneKind::Phone)
        .filter(|one| {
            let fax = heard.iter().find(|other| {
                other.page == one.page
                    && other.fact.value.kind == PhoneKind::Fax
                    && other.fact.value.e164 == one.fact.value.e164
            });
            fax.is_some() || one.fact.source <= Source::Provider
        })
        .filter_map(|one| one.fact.value.e164.clone())
        .collect();
    heard.retain(|one| {
        let Some(e164) = &one.fact.value.e164 else { return true };
        one.fact.value.kind == PhoneKind::Fax || !fax.contains(e164) || both.contains(e164)
    });
    heard
}

/// The addresses: beside one at the website's own domain none at another company's.
pub(super) fn emails<'a>(mut heard: Vec<Heard<'a, String>>, domain: &str) -> Vec<Heard<'a, String>> {
    let domain = Domain::new(domain);
    let host = |mail: &str| mail.rsplit_once('@').map_or(String::new(), |(_, host)| host.to_owned());
    // Markup that speaks of another website is no witness for an address there.
    heard.retain(|one| {
        let mail = &one.fact.value;
        let markup = one.fact.trust < DOUBTFUL && one.fact.source <= Source::Rdfa;
        !markup || domain.owns_mail(mail) || is_mailbox_host(&host(mail))
    });
    // "Emailinfo@smile.nz": a label that no space parts from the address which the link beside it has.
    let linked: Vec<String> = heard
        .iter()
        .filter(|one| one.fact.source < Source::Text)
        .map(|one| one.fact.value.clone())
        .collect();
    heard.retain(|one| {
        let mail = &one.fact.value;
        let glued = |link: &String| mail.strip_suffix(link.as_str()).is_some_and(is_label);
        one.fact.source < Source::Text || !linked.iter().any(glued)
    });
    if heard.iter().any(|one| domain.owns_mail(&one.fact.value)) {
        heard.retain(|one| {
            let mail = &one.fact.value;
            domain.owns_mail(mail) || (is_mailbox_host(&host(mail)) && one.fact.trust >= DOUBTFUL)
        });
    } else {
        trusted(&mut heard);
    }
    heard
}

/// Whether what stands before an address in the same word is what introduces it: "Email", "Kontakt", and no part of the address.
fn is_label(text: &str) -> bool {
    const LABELS: [&str; 16] = [
        "mail", "mails", "mailbox", "contact", "kontakt", "contatto", "contacto", "contato", "correo", "courriel",
        "address", "adresse", "post", "posta", "us", "at",
    ];
    LABELS.iter().any(|label| text.ends_with(label))
}

/// The profiles, of each network that first which is likeliest the business's own; doubtful ones only where the user
/// name says that it is, and beside one with the business's name none that has nothing of it.
pub(super) fn social<'a>(
    mut heard: Vec<Heard<'a, SocialLink>>,
    domain: &str,
    name: Option<&str>,
) -> Vec<Heard<'a, SocialLink>> {
    let domain = Domain::new(domain);
    let called = name.map(Domain::of_name);
    let named = |one: &Heard<'_, SocialLink>| domain.resembles(handle(&one.fact.value));
    let by_name = |one: &Heard<'_, SocialLink>| {
        named(one)
            || called
                .as_ref()
                .is_some_and(|called| called.resembles(handle(&one.fact.value)))
    };
    if heard.iter().any(by_name) {
        heard.retain(|one| {
            let handle = handle(&one.fact.value);
            let own = |known: &Domain| known.shares_with(handle);
            is_opaque(handle) || own(&domain) || called.as_ref().is_some_and(own)
        });
    }
    // The makers of the website put their profile in more than one place.
    let letters = |one: &Heard<'_, SocialLink>| -> String {
        let handle = handle(&one.fact.value);
        handle
            .chars()
            .filter(|c| is_opaque(handle) || c.is_alphabetic())
            .collect()
    };
    let others: HashSet<String> = heard
        .iter()
        .filter(|one| one.fact.trust < DOUBTFUL && !named(one))
        .map(letters)
        .collect();
    heard.retain(|one| !others.contains(&letters(one)) || named(one));
    let pages = |one: &Heard<'_, SocialLink>| heard.iter().filter(|other| other.fact.value == one.fact.value).count();
    let mut order: Vec<(usize, (bool, u8, usize))> = heard
        .iter()
        .enumerate()
        .map(|(at, one)| (at, (named(one), one.fact.trust, pages(one))))
        .collect();
    order.sort_by_key(|(at, worth)| (std::cmp::Reverse(*worth), *at));
    let mut slots: Vec<Option<Heard<'a, SocialLink>>> = heard.into_iter().map(Some).collect();
    order.into_iter().filter_map(|(at, _)| slots[at].take()).collect()
}

/// Whether the user name of a profile is one that the network has given, or one in letters that no domain has: it says nothing of whose
/// it is.
fn is_opaque(handle: &str) -> bool {
    let letters = handle.bytes().filter(u8::is_ascii_alphabetic).count();
    let given = ["profile.php", "share/"].iter().any(|begin| handle.starts_with(begin));
    letters == 0 || given || handle.contains('%') || (handle.len() == 24 && handle.starts_with("UC"))
}

/// Takes out what is doubtful where anything is not.
fn trusted<T>(heard: &mut Vec<Heard<'_, T>>) {
    if heard.iter().any(|one| one.fact.trust >= DOUBTFUL) {
        heard.retain(|one| one.fact.trust >= DOUBTFUL);
    }
}

#[cfg(test)]
#[path = "contacts_tests.rs"]
mod tests;
