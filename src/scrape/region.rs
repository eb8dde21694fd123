//! The country whose telephone numbers are assumed where a page names none.

/// A text that is not the code of a country.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is not the two-letter code of a country{hint}",
    hint = if self.0 == "UK" { "; the United Kingdom is GB" } else { "" }
)]
pub struct UnknownRegion(pub String);

/// The ISO 3166-1 alpha-2 code as it is written, in capitals.
///
/// # Errors
/// [`UnknownRegion`] where there is no such country.
pub fn region_code(text: &str) -> Result<String, UnknownRegion> {
    let code = text.to_ascii_uppercase();
    match code.parse::<phonenumber::country::Id>() {
        Ok(_) => Ok(code),
        Err(_) => Err(UnknownRegion(code)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_written_in_capitals_and_checked() {
        assert_eq!(region_code("nz").as_deref(), Ok("NZ"));
        let told = |text| region_code(text).map_err(|unknown| unknown.to_string());
        assert_eq!(
            told("uk"),
            Err("'UK' is not the two-letter code of a country; the United Kingdom is GB".to_owned())
        );
        assert_eq!(
            told("new zealand"),
            Err("'NEW ZEALAND' is not the two-letter code of a country".to_owned())
        );
    }
}
