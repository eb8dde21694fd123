//! The words that streets, floors and parts of buildings are called by, folded to lower case without accents.

use crate::scrape::extract::words::WordSet;
use std::sync::LazyLock;

/// Words that end an English street name.
pub(super) static ENGLISH: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::of(
        " street st road rd avenue ave av drive dr lane ln place pl crescent cres cr terrace tce terr ter \
    highway hwy parade pde way close court ct boulevard blvd square sq quay esplanade grove gardens rise row mews hill walk \
    parkway pkwy pike circle cir trail trl loop plaza broadway mall wharf arcade green park strand bypass turnpike route \
    freeway strip gate promenade common view heights crossing alley yard embankment broadwalk causeway stryd ffordd heol \
    concourse driveway expressway track pass point pt run cove vale passage circus wynd vennel brae croft drove lea mead heath bank buildings chase court yards downs sideroad ",
    )
});

/// Estates and centres that stand in the place of a street.
pub(super) const ESTATES: [&str; 17] = [
    "ind est",
    "industrial est",
    "trading est",
    "industrial estate",
    "business park",
    "retail park",
    "shopping centre",
    "shopping center",
    "trading estate",
    "industrial park",
    "technology park",
    "enterprise park",
    "business centre",
    "shopping mall",
    "town centre",
    "leisure park",
    "science park",
];

/// Words that may follow the street word: "High Street North".
pub(super) static AFTER: LazyLock<WordSet> =
    LazyLock::new(|| WordSet::of(" north south east west n s e w ne nw se sw central upper lower "));

/// Endings of continental street names that are one word, and words that end a name of several.
pub(super) const ENDINGS: [&str; 87] = [
    "strasse",
    "straße",
    "str",
    "weg",
    "platz",
    "allee",
    "gasse",
    "ring",
    "damm",
    "ufer",
    "chaussee",
    "promenade",
    "markt",
    "steig",
    "stieg",
    "graben",
    "hof",
    "berg",
    "tor",
    "wall",
    "pfad",
    "zeile",
    "garten",
    "gurtel",
    "kai",
    "siedlung",
    "rain",
    "straat",
    "laan",
    "plein",
    "gracht",
    "kade",
    "singel",
    "dijk",
    "steenweg",
    "baan",
    "dreef",
    "plantsoen",
    "kaai",
    "lei",
    "vej",
    "vejen",
    "gade",
    "gaden",
    "stræde",
    "plads",
    "pladsen",
    "torv",
    "vang",
    "gatan",
    "vagen",
    "vag",
    "gata",
    "grand",
    "torget",
    "torg",
    "veien",
    "vegen",
    "plass",
    "plassen",
    "gate",
    "gaten",
    "bakken",
    "stien",
    "stigen",
    "katu",
    "tie",
    "kuja",
    "polku",
    "raitti",
    "aukio",
    "ranta",
    "utca",
    "ut",
    "ter",
    "korut",
    "krt",
    "setany",
    "caddesi",
    "cad",
    "sokak",
    "sokagi",
    "bulvari",
    "rue",
    "rakpart",
    "nabrezi",
    "namesti",
];

/// Words that begin a street name.
pub(super) static BEGINNINGS: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::of(
        " rue avenue av ave boulevard bd blvd bld place pl chemin ch route rte impasse imp quai cours \
    allee allees passage square esplanade cite sentier ruelle residence hameau faubourg fg voie mail montee parvis rond-point \
    calle c cl avda avd avenida plaza pza paseo pso carrer cami avinguda avgda passatge jr jiron passeig placa ronda rda camino cno carretera ctra travesia \
    callejon glorieta rambla cuesta pasaje poligono urbanizacion gran bulevar calzada prolongacion circuito privada \
    via viale vle piazza piazzale p.za corso c.so cso largo vicolo strada salita lungomare lungolago lungarno contrada \
    localita loc frazione fraz borgo piazzetta traversa galleria circonvallazione \
    rua r avenida praca pc travessa tv alameda estrada rodovia rod lugar quinta beco rotunda praceta urb bairro ladeira \
    ul ulica aleja aleje al plac rynek os osiedle skwer trg ulice namesti nabrezi trida \
    str strada bulevardul bulevard bdul b-dul calea aleea soseaua sos piata splaiul intrarea \
    οδος λεωφορος λεωφ πλατεια πλ ακτη вул вулиця просп пров провулок наб набережная пер переулок шоссе ш ул улица пр проспект бул булевард пл площадь jalan jl ",
    )
});

/// German street names that stand apart: "Am Markt 3", "An der Alster 12".
pub(super) static PHRASES: LazyLock<WordSet> =
    LazyLock::new(|| WordSet::of(" am an im in auf zum zur unter vor hinter alte alter neue lange "));

/// Articles and prepositions inside the name of a street.
pub(super) static PARTICLES: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::of(
        " de der den des du da do dos das del della dello delle dei degli la le les lo los las el van von \
    vom zu zur zum y e et i og och na pod nad u di d l op het in 't sur sous aux au saint sainte san ",
    )
});

/// Parts of buildings.
pub(super) static UNITS: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::of(
        " unit suite ste level lvl shop floor ground first second third fourth room office flat apt \
    apartment building bldg block blk tower bay kiosk lot cnr corner c etage stock og eg stiege top haus 1st 2nd 3rd 4th uned \
    store space stall gf hinterhaus vorderhaus stand no ",
    )
});

/// Words of floors and doors, which may stand between a street and the postal code: "1. th.", "2º B", "bajo izq.".
pub(super) static FLOORS: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::of(
        " casa int interior of oficina dpto depto bloco vaningen tr офис оф кв эт этаж каб th tv mf sal kld kaelder st stuen vaning tr van kerros lok m bl ap et sc piso planta bajo izq dcha \
    esq dto dir local loja puerta pta entlo entresuelo atico bis ter piano int scala interno etage etg stock og eg dg ug hinterhaus \
    vorderhaus hochparterre bureau bur bat batiment appt bte boite bus bt verdieping hoog begane grond emelet em ajto fszt \
    kat daire d patro poschodi ground floor level sala andar conj apto lj fraccao rc floor ",
    )
});
