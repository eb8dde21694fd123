//! The words that tell an extractor to look at a line more closely, found in one pass over it.

use crate::scrape::extract::hours::tables::ANNOUNCED;
use crate::scrape::extract::languages::SPEAKING;
use crate::scrape::extract::people::names::INTRODUCTIONS;
use crate::scrape::extract::people::words::TITLED;
use crate::scrape::extract::social::text::NETWORKS;
use crate::scrape::text::{Words, concat, total};

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
    /// Opening hours, if the line is short.
    pub(crate) announced: bool,
    /// Somebody who says their name.
    pub(crate) introduced: bool,
    /// A title behind which names stand, or what begins like one.
    pub(crate) titled: bool,
    /// A network, or the address of one.
    pub(crate) social: bool,
}

/// Somebody else.
const FOREIGN: [&str; 29] = [
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
];

/// E-mail addresses hidden from robots.
const MASKED: [&str; 31] = [
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
];

/// Opening hours. Only ASCII letters are compared without regard to case.
const HOURS: [&str; 26] = [
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
];

const LISTS: [&[&str]; 8] = [
    &FOREIGN,
    &MASKED,
    &HOURS,
    &ANNOUNCED,
    &SPEAKING,
    &INTRODUCTIONS,
    &TITLED,
    &NETWORKS,
];
static CUES: Words = Words::new(&concat::<{ total(&LISTS) }>(&LISTS));

impl Cues {
    /// In the order of [`LISTS`].
    fn each_mut(&mut self) -> [&mut bool; 8] {
        [
            &mut self.foreign,
            &mut self.masked,
            &mut self.hours,
            &mut self.announced,
            &mut self.spoken,
            &mut self.introduced,
            &mut self.titled,
            &mut self.social,
        ]
    }

    /// The cues in a line.
    pub(crate) fn of(line: &str) -> Self {
        let mut out = Self::default();
        for (_, mut index) in CUES.all(line) {
            for (list, cue) in LISTS.iter().zip(out.each_mut()) {
                if index < list.len() {
                    *cue = true;
                    break;
                }
                index -= list.len();
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::scrape::extract::people::words::STRONG_TITLES;

    #[test]
    fn each_kind_is_told_apart() {
        assert!(Cues::of("Zuständige Kammer: …").foreign && Cues::of("Zuständige Aufsicht").foreign);
        assert!(Cues::of("We speak French").spoken && Cues::of("Langues parlées").spoken);
        assert!(Cues::of("info [at] x.de").masked && Cues::of("a (æt) b").masked);
        assert!(Cues::of("Opening hours").hours && Cues::of("Öffnungszeiten").hours);
        assert_eq!(Cues::of("Smile Dental"), Cues::default());
        for title in STRONG_TITLES.words() {
            assert!(Cues::of(&format!("with {title} Jane Berg")).titled, "{title}");
        }
    }
}
