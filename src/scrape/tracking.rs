//! The parts of an address that tell who sent the visitor, not which page is meant.

use url::Url;

/// Takes them out of the query.
pub(super) fn strip_tracking(url: &mut Url) {
    let Some(query) = url.query() else { return };
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !is_tracking(pair))
        .collect();
    let kept = kept.join("&");
    if kept.len() != query.len() {
        url.set_query(Some(kept.as_str()).filter(|kept| !kept.is_empty()));
    } else if query.is_empty() {
        url.set_query(None);
    }
}

fn is_tracking(pair: &str) -> bool {
    let key = pair.split('=').next().unwrap_or(pair);
    let key = super::text::percent_decode(key).to_ascii_lowercase();
    key.starts_with("utm_")
        || key.starts_with("_hs")
        || key.starts_with("pk_")
        || key.starts_with("mtm_")
        || matches!(
            key.as_str(),
            "gclid"
                | "gclsrc"
                | "dclid"
                | "gbraid"
                | "wbraid"
                | "gad_source"
                | "gad_campaignid"
                | "fbclid"
                | "msclkid"
                | "yclid"
                | "ttclid"
                | "twclid"
                | "li_fat_id"
                | "igshid"
                | "igsh"
                | "mc_cid"
                | "mc_eid"
                | "mkt_tok"
                | "srsltid"
                | "y_source"
                | "_ga"
                | "_gl"
                | "epik"
                | "vero_id"
                | "vero_conv"
                | "hsctatracking"
                | "oly_anon_id"
                | "oly_enc_id"
                | "wickedid"
                | "rb_clickid"
                | "s_cid"
                | "ocid"
                | "zanpid"
        )
}
