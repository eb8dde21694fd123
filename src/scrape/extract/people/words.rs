//! Words of titles and teams, in the languages that sites are in.

use crate::scrape::extract::words::WordSet;
use crate::scrape::text::Words;
use std::sync::LazyLock;

/// Titles before a name, folded with their full stops.
pub(super) static TITLES: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::of(
        " dr dr. drs drs. dra dra. dre dre. prof prof. professor mr mr. mrs mrs. ms ms. miss dott dott. dott.ssa \
    dottssa dottore dottoressa avv avv. arch. geom. ing ing. rag. me maitre mag mag. mgr mgr. bc bc. judr judr. mudr mudr. mvdr mvdr. \
    mddr mddr. phdr phdr. rndr rndr. phmr. doc doc. lek lek. n.med med med. dent dent. univ. vet vet. wet wet. stom stom. hab. habil. \
    dipl. dipl.-ing. dipl.-stom. dipl.-psych. zahnarzt zahnarztin frau herr sr. sra. don dona eng. enf. ir. mevr. dhr. δρ δρ. д-р др. \
    prof.ssa prof.dr. priv. doz. pd. priv.-doz. uzm. op. dt. vet.hek. hekim med.univ. dds. ass. ap. lic. ",
    )
});

/// Titles that nobody but a person has, which make names of the words behind them in a sentence too.
pub(crate) static STRONG_TITLES: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::of(
        " dr dr. dra dra. dre dre. prof prof. dott. dott.ssa avv. judr. mudr. mvdr. mddr. phdr. lek. \
    δρ δρ. д-р uzm. hekim ",
    )
});

/// What each of [`STRONG_TITLES`] begins with or is where a name follows; only ASCII letters are compared without regard to case.
pub(crate) const TITLED: [&str; 18] = [
    "dr ", "dr.", "dra ", "dra.", "dre ", "dre.", "prof", "dott.", "avv.", "lek.", "δρ", "Δρ", "ΔΡ", "д-р", "Д-р",
    "Д-Р", "uzm.", "hekim",
];

/// Headings above lists of people, in lower case.
pub(super) static TEAMS: Words = Words::new(&[
    "team",
    "staff",
    "people",
    "meet",
    "our dentists",
    "our doctors",
    "who we are",
    "who you",
    "attorneys",
    "solicitors",
    "our vets",
    "practitioners",
    "clinicians",
    "behind the counter",
    "équipe",
    "Équipe",
    "équipes",
    "equipo",
    "equipa",
    "equipe",
    "equip ",
    "echipa",
    "behandler",
    "ärzte",
    "Ärzte",
    "mitarbeiter",
    "praxisteam",
    "wer wir sind",
    "wer ihr",
    "zahnärzte",
    "therapeuten",
    "inhaber",
    "praticiens",
    "collaborateurs",
    "qui sommes",
    "profesional",
    "profissiona",
    "professionisti",
    "corpo clínico",
    "quiénes somos",
    "quienes somos",
    "chi siamo",
    "medici",
    "doctores",
    "doctors",
    "dentists",
    "optometrists",
    "veterinarians",
    "physios",
    "therapists",
    "medewerkers",
    "behandelaars",
    "ons team",
    "tandartsen",
    "behandlere",
    "hvem er vi",
    "medarbejdere",
    "ansatte",
    "medarbetare",
    "personal",
    "behandlare",
    "henkilökunta",
    "henkilöstö",
    "tiimi",
    "zespół",
    "lekarze",
    "pracownicy",
    "kadra",
    "o nas",
    "tým",
    "pracovníci",
    "lékaři",
    "náš tím",
    "munkatárs",
    "csapat",
    "akik ",
    "orvosaink",
    "ekibimiz",
    "ekip",
    "hekimlerimiz",
    "kadromuz",
    "ομάδα",
    "Ομάδα",
    "врачи",
    "Врачи",
    "команда",
    "Команда",
    "специалисты",
    "スタッフ",
    "院長",
    "医師",
    "tim ",
    "djelatnici",
    "teachers",
    "instructors",
]);

/// Words that begin headings, never names; folded.
pub(super) static NO_NAMES: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::of(
        " our the meet about contact welcome dental dentist dentists clinic practice team services opening hours \
    home your why what how book new emergency cosmetic general family teeth smile smiles oral health care medical center centre call find \
    get more read learn privacy patient patients unser unsere das die der notre nuestro nuestra praxis impressum street road avenue monday \
    hygiene whitening implants treatment treatments root canal crowns clear kids children free online appointment appointments terms \
    policy follow share opening times schwerpunkt leistungen kontakt anfahrt sprechzeiten termine lead head senior junior ihre wir sie \
    vos nos les une der den dem mit und für von beauty salon studio restaurant menu bar cafe hotel rooms google facebook instagram twitter \
    linkedin whatsapp tripadvisor legal notice cookie cookies all rights reserved terapia manual implante implantes ortodoncia tel fax email \
    e-mail mobile phone address adresse opticians optometrists solicitors vets veterinary physiotherapy physio law firm group ltd limited \
    gmbh llc inc srl dog dogs cat cats puppy school gift vouchers north south east west city town monday tuesday wednesday thursday friday \
    saturday sunday mentions legales licensed insured bonded owned operated proudly serving trusted experienced reliable \
    affordable professional guaranteed responsive scheduling specialists nuestros nuestras servicios servicio serviciile noastre send message customer certified registered ilustre colegio officers auxiliary trustees gesetzliche \
    berufsbezeichnung get quote request agendar consulta accredited member courses teaching january february march april june july august september october november december ",
    )
});

/// Words of a sentence in which a titled name is somebody else's.
pub(super) static ABSENT: Words = Words::new(&[
    " nach dr",
    "according to dr",
    "vertretung",
    "vertreten",
    "vertritt",
    "nachfolg",
    "vorgänger",
    "successeur",
    "succède",
    "remplaç",
    "in memory",
    "formerly",
    "retired",
    "took over from",
    "zástup",
    "zastęp",
    "notdienst",
    "straße",
    "strasse",
    "platz",
    "street",
    "avenue",
    "suplencia",
    "patient",
    "honoraire",
]);
