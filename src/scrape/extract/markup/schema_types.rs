//! Which schema.org types are a business, and how their names read.

use serde_json::{Map, Value};

/// What an item is for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A place of business.
    Business,
    /// An organisation, which may be the business or its owner.
    Organisation,
    /// The website itself.
    WebSite,
    /// A human being.
    Person,
    /// Anything else.
    Other,
}

const ORGANISATION: [&str; 8] = [
    "Organization",
    "Organisation",
    "Corporation",
    "NGO",
    "EducationalOrganization",
    "MedicalOrganization",
    "ProfessionalService",
    "Brand",
];

/// Types that hold contact properties without being a business.
const OTHER: [&str; 30] = [
    "WebPage",
    "ContactPage",
    "AboutPage",
    "CollectionPage",
    "ItemPage",
    "Article",
    "BlogPosting",
    "NewsArticle",
    "Product",
    "Offer",
    "Event",
    "Review",
    "AggregateRating",
    "ImageObject",
    "VideoObject",
    "BreadcrumbList",
    "ItemList",
    "ListItem",
    "FAQPage",
    "Question",
    "Answer",
    "JobPosting",
    "SearchAction",
    "PostalAddress",
    "ContactPoint",
    "OpeningHoursSpecification",
    "GeoCoordinates",
    "Place",
    "Service",
    "MedicalProcedure",
];

const BUSINESS_ENDINGS: [&str; 18] = [
    "Business",
    "Store",
    "Shop",
    "Clinic",
    "Dentist",
    "Physician",
    "Hospital",
    "Pharmacy",
    "Optician",
    "Restaurant",
    "Salon",
    "Service",
    "Office",
    "Dealer",
    "Agent",
    "Contractor",
    "Care",
    "Lodging",
];

const BUSINESS: [&str; 62] = [
    "LocalBusiness",
    "Dentistry",
    "VeterinaryCare",
    "Physiotherapy",
    "MedicalClinic",
    "Hotel",
    "Motel",
    "Hostel",
    "BedAndBreakfast",
    "Resort",
    "CafeOrCoffeeShop",
    "BarOrPub",
    "Bakery",
    "Brewery",
    "Winery",
    "Distillery",
    "FastFoodRestaurant",
    "IceCreamShop",
    "FoodEstablishment",
    "AutoRepair",
    "AutoDealer",
    "AutoBodyShop",
    "AutoRental",
    "AutoWash",
    "GasStation",
    "Attorney",
    "LegalService",
    "Notary",
    "AccountingService",
    "BankOrCreditUnion",
    "RealEstateAgent",
    "Electrician",
    "GeneralContractor",
    "HVACBusiness",
    "HousePainter",
    "Locksmith",
    "MovingCompany",
    "Plumber",
    "RoofingContractor",
    "BeautySalon",
    "DaySpa",
    "HairSalon",
    "HealthClub",
    "NailSalon",
    "TattooParlor",
    "ExerciseGym",
    "SportsClub",
    "ChildCare",
    "Preschool",
    "School",
    "Library",
    "Museum",
    "Church",
    "AnimalShelter",
    "TravelAgency",
    "SelfStorage",
    "DryCleaningOrLaundry",
    "EmploymentAgency",
    "Florist",
    "Campground",
    "NightClub",
    "GolfCourse",
];

/// Properties whose values are about somebody else.
pub(crate) const FOREIGN: [&str; 27] = [
    "author",
    "creator",
    "review",
    "reviews",
    "itemReviewed",
    "memberOf",
    "affiliation",
    "worksFor",
    "alumniOf",
    "parentOrganization",
    "brand",
    "sponsor",
    "funder",
    "manufacturer",
    "seller",
    "offeredBy",
    "hiringOrganization",
    "recognizedBy",
    "isPartOf",
    "hospitalAffiliation",
    "organizer",
    "performer",
    "contributor",
    "editor",
    "copyrightHolder",
    "accreditedBy",
    "healthPlanNetworkId",
];

/// Classifies an item by its types and, for unknown types, by what it holds.
pub(crate) fn kind_of(types: &[&str], object: &Map<String, Value>) -> Kind {
    let any = |list: &[&str]| types.iter().any(|kind| list.contains(kind));
    let contactable = [
        "telephone",
        "address",
        "openingHours",
        "openingHoursSpecification",
        "email",
    ]
    .iter()
    .any(|key| object.contains_key(*key));
    if any(&["Person"]) {
        return if any(&["Organization", "LocalBusiness"]) {
            Kind::Organisation
        } else {
            Kind::Person
        };
    }
    if any(&["WebSite"]) && !any(&ORGANISATION) {
        return Kind::WebSite;
    }
    if any(&OTHER) && !types.iter().any(|kind| BUSINESS.contains(kind)) {
        return if any(&["Place"]) && contactable {
            Kind::Organisation
        } else {
            Kind::Other
        };
    }
    if any(&BUSINESS)
        || types
            .iter()
            .any(|kind| BUSINESS_ENDINGS.iter().any(|ending| kind.ends_with(ending)) && !ORGANISATION.contains(kind))
    {
        return Kind::Business;
    }
    if any(&ORGANISATION) {
        return Kind::Organisation;
    }
    if contactable && object.contains_key("name") {
        Kind::Organisation
    } else {
        Kind::Other
    }
}

/// `MedicalClinic` as `Medical Clinic`; `None` for types that say nothing about the trade.
pub(crate) fn readable(kind: &str) -> Option<String> {
    let general = [
        "LocalBusiness",
        "Organization",
        "Organisation",
        "Corporation",
        "MedicalBusiness",
        "MedicalOrganization",
        "HealthAndBeautyBusiness",
        "ProfessionalService",
        "Place",
        "Brand",
        "Thing",
        "Person",
        "WebSite",
        "Service",
        "Store",
        "Product",
    ];
    if kind.is_empty() || general.contains(&kind) {
        return None;
    }
    let mut out = String::with_capacity(kind.len() + 4);
    let mut lower_before = false;
    for c in kind.chars() {
        if c.is_uppercase() && lower_before {
            out.push(' ');
        }
        lower_before = c.is_lowercase();
        out.push(if c == '_' { ' ' } else { c });
    }
    Some(crate::scrape::text::squeeze(&out)).filter(|text| !text.is_empty())
}
