#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;

#[test]
fn maps_give_positions() {
    for (url, lat, lng) in [
        (
            "https://www.google.com/maps/place/Smile/@-36.1,174.2,17z/data=!3m1!4b1!4m5!8m2!3d-36.85!4d174.76",
            -36.85,
            174.76,
        ),
        (
            "https://www.google.com/maps/embed?pb=!1m18!1m12!1m3!1d3192!2d174.7!3d-36.8!2m3",
            -36.8,
            174.7,
        ),
        ("https://maps.google.com/?q=-36.5,174.5", -36.5, 174.5),
        ("https://www.openstreetmap.org/?mlat=52.5&mlon=13.4", 52.5, 13.4),
    ] {
        let geo = map_position(&url.parse().unwrap()).unwrap();
        assert_eq!((geo.lat, geo.lng), (lat, lng), "{url}");
    }
    assert_eq!(
        map_position(&"https://www.google.com/maps?q=Smile+Dental".parse().unwrap()),
        None
    );
    assert_eq!(map_position(&"https://maps.google.com/?ll=0,0".parse().unwrap()), None);
}

#[test]
fn booking_engines_are_known() {
    assert!(is_booking(
        &"https://www.hotdoc.com.au/medical-centres/x".parse().unwrap()
    ));
    assert!(is_booking(&"https://smile.janeapp.com/".parse().unwrap()));
    assert!(!is_booking(&"https://www.hotdoc.com.au/".parse().unwrap()));
    assert!(!is_booking(&"https://smile.co.nz/".parse().unwrap()));
}

#[test]
fn whatsapp_numbers() {
    assert_eq!(
        whatsapp(&"https://wa.me/64211234567".parse().unwrap()).as_deref(),
        Some("64211234567")
    );
    assert_eq!(whatsapp(&"https://wa.me/message/ABC".parse().unwrap()), None);
}
