//! Opening hours in one cell.

use serde_json::Value;

/// One entry as `Mo,Tu 08:30-17:00`, the form of `schema.org/openingHours`. Days without times are days that are closed
/// or of unknown hours; the entry then says the days only.
pub(super) fn span(entry: &Value) -> Option<String> {
    if let Some(words) = entry.as_str() {
        return (!words.trim().is_empty()).then(|| words.to_owned());
    }
    let days: Vec<&str> = entry["days"].as_array()?.iter().filter_map(Value::as_str).collect();
    let times = match (entry["opens"].as_str(), entry["closes"].as_str()) {
        (Some(opens), Some(closes)) => format!("{opens}-{closes}"),
        (Some(opens), None) => format!("{opens}-"),
        (None, Some(closes)) => format!("-{closes}"),
        (None, None) => String::new(),
    };
    let parts = [days.join(","), times];
    let parts: Vec<&str> = parts
        .iter()
        .map(String::as_str)
        .filter(|part| !part.is_empty())
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_known_is_written() {
        let of = |entry: Value| span(&entry);
        assert_eq!(
            of(json!({"days": ["Mo", "We"], "opens": "08:30", "closes": "17:00"})).unwrap(),
            "Mo,We 08:30-17:00"
        );
        assert_eq!(of(json!({"days": ["Su"]})).unwrap(), "Su");
        assert_eq!(of(json!("by appointment")).unwrap(), "by appointment");
        assert_eq!(of(json!({"days": []})), None);
        assert_eq!(of(json!({})), None);
    }
}
