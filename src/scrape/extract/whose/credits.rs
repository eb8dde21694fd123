//! The words with which the makers of a website, of its theme and of its pictures name themselves.

use crate::scrape::text::Words;

static CREDITS: Words = Words::new(&[
    "website by",
    "løsning:",
    "løsning af",
    "web site by",
    "site by ",
    "web design by",
    "webdesign by",
    "designed by",
    "developed by",
    "powered by",
    "created by",
    "built by",
    "built with",
    "webdesign:",
    "webdesign ",
    "web design:",
    "website design",
    "web design &",
    "web development",
    "website:",
    "design by",
    "made by",
    "made with",
    "theme by",
    "template by",
    "realisiert",
    "umsetzung:",
    "umsetzung durch",
    "umsetzung &",
    "réalisation :",
    "réalisation:",
    "réalisation du site",
    "réalisation par",
    "realisation:",
    "réalisé par",
    "site réalisé",
    "création du site",
    "création :",
    "création site",
    "conception :",
    "conception du site",
    "conception et",
    "site par ",
    "site internet par",
    "hosted by",
    "hosting by",
    "hosting:",
    "sitio web por",
    "diseño web",
    "diseño:",
    "diseño y ",
    "diseño por",
    "diseñado por",
    "desarrollado por",
    "desenvolvido por",
    "desenvolvimento:",
    "criado por",
    "criação de site",
    "site criado",
    "realizzazione sito",
    "realizzazione:",
    "realizzato da",
    "sito realizzato",
    "sito di ",
    "sito web di",
    "sito web a cura",
    "web agency",
    "website door",
    "website via",
    "webdesign door",
    "gerealiseerd door",
    "gebouwd door",
    "gemaakt door",
    "page by",
    "pages by",
    "honlap:",
    "weblap:",
    "sivut:",
    "laget av",
    "utviklet av",
    "byggd av",
    "udviklet af",
    "vytvořil",
    "wykonanie:",
    "ontwerp:",
    "ontwerp door",
    "ontwerp en",
    "realisatie:",
    "realisatie door",
    "hjemmeside af",
    "hjemmeside:",
    "lavet af",
    "udviklet af",
    "webbplats av",
    "hemsida av",
    "webbyrå",
    "sajten gjord",
    "sidan är gjord",
    "nettside av",
    "nettsiden er laget",
    "utviklet av",
    "laget av",
    "sivuston toteutus",
    "toteutus:",
    "sivut teki",
    "kotisivut:",
    "wykonanie:",
    "wykonanie i",
    "realizacja:",
    "projekt i wykonanie",
    "projekt:",
    "strona wykonana",
    "strony internetowe",
    "vytvořil",
    "tvorba webu",
    "tvorba www",
    "webdesign a",
    "kivitelezés:",
    "készítette",
    "honlapkészítés",
    "weboldal:",
    "site realizat",
    "realizat de",
    "creat de ",
    "web tasarım",
    "tasarım:",
    "tasarim:",
    "κατασκευή ιστοσελ",
    "κατασκευη ιστοσελ",
    "Κατασκευή ιστοσελ",
    "Дизайн:",
    "дизайн:",
    "разработка сайта",
    "Разработка",
    "создание сайт",
    "Создание сайт",
    "ホームページ制作",
    "サイト制作",
    "홈페이지 제작",
    "gestaltung:",
    "gestaltung und programmierung",
    "konzept und design",
    "konzept & design",
    "internetagentur",
    "digital marketing by",
    "marketing by",
    "seo by",
    "photography by",
    "photos by",
    "photos:",
    "photo:",
    "photo by",
    "fotos:",
    "foto:",
    "fotografie:",
    "fotografia:",
    "fotografía:",
    "fotograf:",
    "bilder:",
    "crédit photo",
    "crédits photo",
    "crédits:",
    "crédits :",
    "credits:",
    "photo credit",
    "créditos:",
    "fotos de ",
    "página web hecha",
    "pagina web hecha",
    "web hecha por",
    "projekt strony",
    "webbdesign",
    "technische umsetzung",
    "technical realisation",
    "bildnachweis",
    "webmaster:",
    "webmestre",
    "cms by",
]);

/// Where in a line the makers of the website begin to name themselves.
pub(crate) fn credit_start(line: &str) -> Option<usize> {
    if let Some((at, _)) = CREDITS
        .all(line)
        .find(|(at, _)| begins_word(line, *at) && !is_own_web(line, *at))
    {
        return Some(at);
    }
    bare_credit(line)
}

fn begins_word(line: &str, at: usize) -> bool {
    !line[..at].chars().next_back().is_some_and(char::is_alphanumeric)
}

/// "Website: www.smile.nz" names the business's own.
fn is_own_web(line: &str, at: usize) -> bool {
    let rest = &line[at..];
    let Some((label, value)) = rest.split_once(':') else {
        return false;
    };
    let web = matches!(
        &*label.to_ascii_lowercase(),
        "website" | "weboldal" | "hjemmeside" | "kotisivut"
    );
    let word = value.split_whitespace().next().unwrap_or_default();
    web && !word.contains('@') && (word.contains('.') || word.contains("//"))
}

/// "Web: Baldo Media", "Site: Canal Street Web": a name behind the word, not an address.
fn bare_credit(line: &str) -> Option<usize> {
    static LABELS: Words = Words::new(&["web: ", "site: ", "web : ", "site : ", "design: ", "web design: "]);
    for (at, index) in LABELS.all(line) {
        if begins_word(line, at) && line[at..].starts_with(['W', 'S', 'D']) {
            let mut name = line[at + LABELS.word(index).len()..]
                .split_whitespace()
                .take(2)
                .peekable();
            let capital = name.peek().is_some_and(|word| word.starts_with(char::is_uppercase));
            if capital && name.all(|word| !word.contains('.') && !word.contains("//")) {
                return Some(at);
            }
        }
    }
    // "Réalisation Agence Molaire"
    for verb in [
        "Réalisation ",
        "Création ",
        "Conception ",
        "Realisatie ",
        "Realizzazione ",
        "Webdesign ",
        "Design ",
    ] {
        if line
            .strip_prefix(verb)
            .is_some_and(|rest| rest.starts_with(char::is_uppercase))
        {
            return Some(0);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makers_are_told_from_the_business() {
        assert!(credit_start("Website by Acme").is_some() && credit_start("Hosting by X").is_some());
        assert_eq!(credit_start("© 2024 Smile. Website by Acme"), Some(15));
        assert_eq!(credit_start("Réalisation Agence Molaire"), Some(0));
        assert_eq!(credit_start("Web: Baldo Media"), Some(0));
        for own in ["Website: www.smile.nz", "Web: www.smile.nz", "Gartengestaltung: Müller"] {
            assert_eq!(credit_start(own), None, "{own}");
        }
    }
}
