//! Counties, provinces and states: what stands behind a town and is none.

use crate::scrape::extract::words::WordSet;
use crate::scrape::text::fold;
use std::sync::LazyLock;

/// Short and Celtic names of British counties, each between spaces.
const COUNTIES: &str = " lincs lancs yorks notts herts bucks berks hants wilts glos worcs leics northants cambs beds oxon \
    staffs warks middx salop n yorkshire s yorkshire w yorkshire gwynedd powys dyfed clwyd conwy ceredigion fife angus \
    argyll moray highland perthshire lothian midlothian ";

/// Provinces and states that stand behind their towns in Spanish, Indian and Indonesian addresses and are no towns themselves, folded.
static PROVINCES: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::of(
        " pichincha guayas azuay manabi tungurahua imbabura cotopaxi chimborazo carchi jalisco sonora sinaloa tamaulipas coahuila \
    michoacan tabasco yucatan nayarit morelos chiapas antioquia cundinamarca boyaca tolima huila risaralda quindio santander chubut \
    misiones chaco zulia carabobo aragua banten telangana karnataka kerala maharashtra gujarat rajasthan punjab haryana selangor ",
    )
});
/// Provinces of South Africa, folded: none is called like a town.
const SOUTH_AFRICAN: [&str; 9] = [
    "eastern cape",
    "western cape",
    "northern cape",
    "free state",
    "kwazulu natal",
    "north west province",
    "gauteng",
    "limpopo",
    "mpumalanga",
];
const LONG_PROVINCES: [&str; 23] = [
    "tamil nadu",
    "andhra pradesh",
    "uttar pradesh",
    "madhya pradesh",
    "west bengal",
    "nuevo leon",
    "quintana roo",
    "baja california",
    "baja california sur",
    "estado de mexico",
    "edo de mexico",
    "edo mex",
    "valle del cauca",
    "entre rios",
    "rio negro",
    "jawa barat",
    "jawa tengah",
    "jawa timur",
    "west java",
    "central java",
    "east java",
    "dki jakarta",
    "san luis potosi",
];

/// Whether a place is a province of South Africa.
pub(super) fn is_south_african(part: &str) -> bool {
    SOUTH_AFRICAN.contains(&fold(part).as_str())
}

/// British and Irish counties, Romanian ones (`jud. Brașov`), states that say so (`Delta State`, `Кіровоградська обл.`), and provinces
/// that are no towns.
pub(super) fn is_county(part: &str) -> bool {
    let folded = fold(part);
    let short = folded.len() >= 4 && COUNTIES.contains(&format!(" {folded} "));
    short
        || folded.ends_with("shire")
        || folded.starts_with("co ")
        || folded.starts_with("county ")
        || folded.starts_with("jud ")
        || folded.starts_with("judetul ")
        || folded.ends_with(" обл")
        || folded.ends_with(" область")
        || part.ends_with(" State")
        || SOUTH_AFRICAN.contains(&folded.as_str())
        || PROVINCES.has(&folded)
        || LONG_PROVINCES.contains(&folded.as_str())
        || matches!(
            folded.as_str(),
            "kent"
                | "essex"
                | "surrey"
                | "devon"
                | "cornwall"
                | "norfolk"
                | "suffolk"
                | "cumbria"
                | "dorset"
                | "somerset"
                | "merseyside"
                | "greater manchester"
                | "west midlands"
                | "middlesex"
                | "east sussex"
                | "west sussex"
                | "greater london"
                | "tyne and wear"
                | "durham"
                | "northumberland"
                | "rutland"
                | "isle of man"
                | "isle of wight"
        )
}
