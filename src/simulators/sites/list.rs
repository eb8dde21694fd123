//! The list that people would upload, and what its rows end as.

/// `{site}` stands for the address that the site got.
pub(super) const PRACTICES: &str = include_str!("practices.csv");

/// What one row of the sample list ends as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedRow {
    /// The name in the list.
    pub name: &'static str,
    /// The status of the practice when the job has completed.
    pub status: &'static str,
    /// The name of the row whose outcome this one takes, where it is a duplicate.
    pub duplicate_of: Option<&'static str>,
    /// The phone number that stands on the site, in E.164.
    pub phone: Option<&'static str>,
}

const fn found(name: &'static str, phone: &'static str) -> ExpectedRow {
    ExpectedRow {
        phone: Some(phone),
        ..silent(name)
    }
}

/// A site that can be read and tells no telephone number.
const fn silent(name: &'static str) -> ExpectedRow {
    ExpectedRow {
        name,
        status: "aggregated",
        duplicate_of: None,
        phone: None,
    }
}

const fn failed(name: &'static str) -> ExpectedRow {
    ExpectedRow {
        status: "error",
        ..silent(name)
    }
}

/// The outcome of every row of the sample list that is not blank, in its order.
pub const EXPECTED: &[ExpectedRow] = &[
    found("Harbour Street Dental", "+6495550123"),
    found("Fitzroy Family Dental", "+61370100142"),
    found("Ashdown Surgery (Dr Prosser, Dr Mehta)", "+441174960182"),
    found("Karori Medical Centre", "+6445550134"),
    found("Zahnärzte am Lindenhof", "+494066969210"),
    found("Praxis Dr. Müller & Kollegen, Hausärzte", "+492214710355"),
    found("Te Puna Niho", "+6475550142"),
    found("Blue Gum Physiotherapy", "+61370100161"),
    found("Darebin Dental", "+61370100177"),
    found("Wharfedale Opticians", "+441134960174"),
    found("Mount Street Clinic", "+442079460188"),
    ExpectedRow {
        duplicate_of: Some("Harbour Street Dental"),
        ..found("HARBOUR STREET DENTAL, Auckland", "+6495550123")
    },
    found("Willow Lane Emergency Vets", "+35315550142"),
    found("Cedar Hill Family Dentistry", "+15035552846"),
    found("Physiothérapie du Plateau", "+15145552763"),
    found("Cabinet des Tilleuls", "+33465710842"),
    found("Clínica Dental La Paloma", "+34612000318"),
    found("Studio Dentistico Bellosguardo", "+390550127463"),
    found("Tandartspraktijk De Singel", "+31300123846"),
    found("みどり歯科医院", "+81318402216"),
    found("Takapuna Orthodontics", "+6495550167"),
    silent("Pulse Chiropractic"),
    silent("Marlow Podiatry"),
    failed("Southbank Implant Centre"),
    failed("Bayside Physio"),
    failed("Linden Ear Nose Throat"),
    failed("St Kilda Skin Clinic"),
    failed("Dr P. Patel"),
];
