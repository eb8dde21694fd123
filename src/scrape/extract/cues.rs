//! The words that tell an extractor to look at a line more closely, found in one pass over it.

use crate::scrape::text::Words;

/// What a line may speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cues {
    /// Chambers, insurers, hosts and others whose numbers are not the practice's.
    pub(crate) foreign: bool,
    /// Languages that are spoken.
    pub(crate) spoken: bool,
    /// An e-mail address hidden from robots.
    pub(crate) masked: bool,
    /// Opening hours.
    pub(crate) hours: bool,
}

const FOREIGN: usize = 30;
const SPOKEN: usize = FOREIGN + 8;
const MASKED: usize = SPOKEN + 31;

static CUES: Words = Words::new(&[
    // Somebody else.
    "aufsichtsbehörde",
    "aufsichtsbehoerde",
    "zuständige kammer",
    "ärztekammer",
    "Ärztekammer",
    "arztekammer",
    "kassenzahnärztliche",
    "kassenärztliche",
    "berufshaftpflicht",
    "haftpflichtversicherung",
    "verbraucherschlichtung",
    "schlichtungsstelle",
    "datenschutzbeauftragte",
    "webhoster",
    "hosting-anbieter",
    "hébergeur",
    "hébergement du site",
    "médiateur",
    "cnil",
    "ombudsman",
    "privacy commissioner",
    "disability commissioner",
    "information commissioner",
    "dental council",
    "care quality commission",
    "hosting provider",
    "data protection commission",
    "zuständige aufsicht",
    "tárhelyszolgáltató",
    "tárhelyszolgáltató",
    // Languages.
    "speak",
    "spoken",
    "languages",
    "fluent in",
    "sprechen",
    "sprachen",
    "parlons",
    "langues parl",
    // Hidden addresses.
    "[at",
    "(at",
    "{at",
    "<at",
    "[ at",
    "( at",
    "[ät",
    "(ät",
    "[@]",
    "(@)",
    "(a)",
    "[a]",
    "arroba",
    " dot ",
    " punkt ",
    "＠",
    "[æt]",
    "(æt)",
    "arobas",
    "snabel",
    "zavin",
    "kukac",
    "małpa",
    "malpa",
    "chiocciola",
    "apenstaart",
    "alfa)",
    "*at*",
    "_at_",
    "(ad)",
    "[ad]",
    // Hours. Only ASCII letters are compared without regard to case.
    "hours",
    "opening",
    "open ",
    "we're open",
    "öffnungszeit",
    "Öffnungszeit",
    "sprechzeit",
    "sprechstunde",
    "horaires",
    "ouvert",
    "horario",
    "orari",
    "openingstijd",
    "geopend",
    "åpningstid",
    "Åpningstid",
    "öppettid",
    "Öppettid",
    "åbningstid",
    "Åbningstid",
    "aukiolo",
    "godziny",
    "otwarcia",
    "otevírací",
    "abierto",
    "geöffnet",
]);

impl Cues {
    /// The cues in a line.
    pub(crate) fn of(line: &str) -> Self {
        let mut out = Self::default();
        for (_, index) in CUES.all(line) {
            match index {
                _ if index < FOREIGN => out.foreign = true,
                _ if index < SPOKEN => out.spoken = true,
                _ if index < MASKED => out.masked = true,
                _ => out.hours = true,
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn each_kind_is_told_apart() {
        assert!(Cues::of("Zuständige Kammer: …").foreign && Cues::of("Zuständige Aufsicht").foreign);
        assert!(Cues::of("We speak French").spoken && Cues::of("Langues parlées").spoken);
        assert!(Cues::of("info [at] x.de").masked && Cues::of("a (æt) b").masked);
        assert!(Cues::of("Opening hours").hours && Cues::of("Öffnungszeiten").hours);
        assert_eq!(Cues::of("Smile Dental"), Cues::default());
    }
}
