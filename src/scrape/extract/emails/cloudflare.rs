//! E-mail addresses that Cloudflare hides from robots: hexadecimal, the first byte is the key of an XOR.

/// The address in a `data-cfemail` attribute or behind `/cdn-cgi/l/email-protection#`.
pub(crate) fn decode(encoded: &str) -> Option<String> {
    let encoded = encoded.trim();
    if encoded.len() < 6 || encoded.len() > 1_000 || !encoded.len().is_multiple_of(2) || !encoded.is_ascii() {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(encoded.get(at..at + 2)?, 16).ok();
    let key = byte(0)?;
    let bytes: Option<Vec<u8>> = (2..encoded.len())
        .step_by(2)
        .map(|at| byte(at).map(|b| b ^ key))
        .collect();
    let address = String::from_utf8(bytes?).ok()?;
    // The link form may carry a whole mailto query.
    let address = address.split('?').next().unwrap_or_default();
    address.contains('@').then(|| address.to_owned())
}

/// The address behind a protected link.
pub(crate) fn from_href(href: &str) -> Option<String> {
    let (_, encoded) = href.split_once("/cdn-cgi/l/email-protection#")?;
    decode(encoded)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn encode(address: &str) -> String {
        std::iter::once(0x5a)
            .chain(address.bytes().map(|b| b ^ 0x5a))
            .map(|b| format!("{b:02x}"))
            .collect()
    }

    #[test]
    fn hidden_addresses_are_read() {
        assert_eq!(decode(&encode("info@smile.co.nz")).unwrap(), "info@smile.co.nz");
        let href = format!("/cdn-cgi/l/email-protection#{}", encode("a@b.com?subject=Hi"));
        assert_eq!(from_href(&href).unwrap(), "a@b.com");
    }

    #[test]
    fn damage_gives_nothing() {
        for bad in ["", "5", "zz1234", "5a5b5", "5aéé", &encode("no address")] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
