//! Which kinds of characters a line has, found in one pass over its bytes: most extractors pass over the lines that lack theirs.

/// The kinds that a line has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Signs(u8);

impl Signs {
    const DIGIT: u8 = 1;
    const AT: u8 = 2;
    const TAB: u8 = 4;
    const LIST: u8 = 8;
    const WIDE: u8 = 16;
    const COLON: u8 = 32;

    /// The kinds in a line. Each comparison is made for every byte, so that the compiler makes sixteen at once.
    pub(crate) fn of(line: &str) -> Self {
        let kinds = |byte: u8| {
            let list = (byte == b')') | (byte == b'|') | (byte == 0xb7) | (byte == 0xa2);
            (u8::from(byte.is_ascii_digit()) * Self::DIGIT)
                | (u8::from(byte == b'@') * Self::AT)
                | (u8::from(byte == b'\t') * Self::TAB)
                | (u8::from(list) * Self::LIST)
                | (u8::from(byte == 0xef) * Self::WIDE)
                | (u8::from(byte == b':') * Self::COLON)
        };
        Self(line.bytes().fold(0, |found, byte| found | kinds(byte)))
    }

    /// An ASCII digit.
    pub(crate) fn digit(self) -> bool {
        self.0 & Self::DIGIT != 0
    }

    /// "@".
    pub(crate) fn at(self) -> bool {
        self.0 & Self::AT != 0
    }

    /// A tab, which stands between the cells of a row.
    pub(crate) fn tab(self) -> bool {
        self.0 & Self::TAB != 0
    }

    /// Perhaps a mark that stands between the parts of a list: ")", "|", "·" or "•", the latter two by their last byte.
    pub(crate) fn list(self) -> bool {
        self.0 & Self::LIST != 0
    }

    /// A colon, which stands behind a label.
    pub(crate) fn colon(self) -> bool {
        self.0 & Self::COLON != 0
    }

    /// Perhaps a letter or digit of full width, by its first byte.
    pub(crate) fn wide(self) -> bool {
        self.0 & Self::WIDE != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_told_apart() {
        assert_eq!(Signs::of("Smile Dental"), Signs::default());
        let all: [fn(Signs) -> bool; 6] = [
            Signs::digit,
            Signs::at,
            Signs::tab,
            Signs::list,
            Signs::wide,
            Signs::colon,
        ];
        for (line, own) in [
            ("Level 2", 0),
            ("info@smile.nz", 1),
            ("Mon\tclosed", 2),
            ("Jana Berg (Ärztin)", 3),
            ("Jo | Ann", 3),
            ("Jo · Ann", 3),
            ("Jo • Ann", 3),
            ("電話：", 4),
            ("Open: daily", 5),
        ] {
            for (kind, has) in all.iter().enumerate() {
                assert_eq!(has(Signs::of(line)), kind == own, "{line}: {kind}");
            }
        }
    }
}
