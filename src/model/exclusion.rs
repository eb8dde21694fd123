//! Which websites an exclusion covers.

/// The part of a dedupe key that stands for the whole site: host and port, without path and query.
///
/// An exclusion by this key covers every page of the site; one by a longer key covers that page alone.
#[must_use]
pub fn site_key(dedupe_key: &str) -> &str {
    let end = dedupe_key.find(['/', '?']).unwrap_or(dedupe_key.len());
    &dedupe_key[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_host_and_port() {
        assert_eq!(site_key("acme.nz"), "acme.nz");
        assert_eq!(site_key("acme.nz:8080/team"), "acme.nz:8080");
        assert_eq!(site_key("acme.nz?id=4"), "acme.nz");
    }
}
