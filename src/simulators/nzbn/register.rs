//! The companies that are in it. All are made up; their numbers are of the right form.

use serde_json::{Value, json};

use crate::model::registration::nzbn::check_digit;

const COMPANIES: &str = include_str!("companies.txt");

/// One entry.
#[derive(Debug, Clone)]
pub(super) struct Company {
    pub(super) nzbn: String,
    pub(super) number: String,
    pub(super) name: &'static str,
    status: &'static str,
    kind: &'static str,
    trading: &'static str,
    former: &'static str,
    street: &'static str,
    suburb: &'static str,
    city: &'static str,
    post_code: &'static str,
    phone: &'static str,
    directors: Vec<&'static str>,
}

/// All of them, in the order in which searches give them.
pub(super) fn companies() -> Vec<Company> {
    COMPANIES
        .lines()
        .enumerate()
        .filter_map(|(n, line)| Company::read(n, line))
        .collect()
}

impl Company {
    fn read(n: usize, line: &'static str) -> Option<Self> {
        let fields: Vec<&str> = line.split('|').collect();
        let [
            name,
            status,
            kind,
            trading,
            former,
            street,
            suburb,
            city,
            post_code,
            phone,
            directors,
        ] = fields[..]
        else {
            return None;
        };
        let first = format!("94290{:07}", 3_000_017 + n * 1_373);
        Some(Self {
            nzbn: format!("{first}{}", check_digit(&first)?),
            number: (1_800_011 + n * 317).to_string(),
            name,
            status,
            kind,
            trading,
            former,
            street,
            suburb,
            city,
            post_code,
            phone,
            directors: directors.split(';').collect(),
        })
    }

    pub(super) fn is_company(&self) -> bool {
        self.kind == "LTD"
    }

    /// As filters of a search name it.
    pub(super) fn filter_status(&self) -> &'static str {
        match self.status {
            "50" => "Registered",
            "55" => "VoluntaryAdministration",
            "62" => "InLiquidation",
            "71" => "InReceivership",
            _ => "RemovedClosed",
        }
    }

    pub(super) fn filter_type(&self) -> &'static str {
        if self.is_company() { "NZCompany" } else { "SoleTrader" }
    }

    /// Whether every word of the term is in a name or number.
    pub(super) fn matches(&self, term: &str) -> bool {
        let text = format!("{} {} {} {}", self.name, self.trading, self.nzbn, self.number).to_lowercase();
        term.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }

    /// As a search gives it.
    pub(super) fn item(&self) -> Value {
        let trading: Vec<Value> = self.trading_names();
        json!({
            "nzbn": self.nzbn, "entityName": self.name, "entityTypeCode": self.kind,
            "entityTypeDescription": self.kind_words(), "entityStatusCode": self.status,
            "entityStatusDescription": self.status_words(), "registrationDate": "2015-03-02T00:00:00.000+1300",
            "sourceRegister": "COMPANY", "sourceRegisterUniqueId": self.number, "tradingNames": trading,
            "classifications": null,
        })
    }

    /// The whole document.
    pub(super) fn document(&self) -> Value {
        let former: Vec<&str> = [self.former].into_iter().filter(|name| !name.is_empty()).collect();
        json!({
            "nzbn": self.nzbn, "entityName": self.name, "entityStatusCode": self.status,
            "entityStatusDescription": self.status_words(), "entityTypeCode": self.kind,
            "entityTypeDescription": self.kind_words(), "registrationDate": "2015-03-02T00:00:00.000+1300",
            "sourceRegister": "COMPANY", "sourceRegisterUniqueIdentifier": self.number,
            "lastUpdatedDate": "2025-10-01T09:00:00.000+1300", "previousEntityNames": former, "emailAddresses": null,
            "phoneNumbers": self.phones(), "websites": null, "tradingNames": self.trading_names(),
            "industryClassifications": [
                { "classificationCode": "H451110", "classificationDescription": "Restaurant operation" }],
            "addresses": { "links": null, "addressList": self.addresses() }, "roles": self.roles(), "gstNumbers": [],
            "tradingAreas": null, "privacySettings": null,
            "company-details": self.is_company().then(|| self.company_details()),
            "non-company-details": null, "supporting-information": null, "hibernationStatusCode": null,
        })
    }

    pub(super) fn addresses(&self) -> Vec<Value> {
        let address = |kind: &str, end: Option<&str>| {
            json!({
                "uniqueIdentifier": null, "address1": self.street, "address2": self.suburb, "address3": self.city,
                "address4": null, "postCode": self.post_code, "countryCode": "NZ", "addressType": kind, "pafId": null,
                "startDate": "2015-03-02", "endDate": end,
            })
        };
        vec![
            address("REGISTERED", None),
            address("SERVICE", None),
            address("POSTAL", Some("2020-01-01")),
        ]
    }

    /// Those who direct it, with where they live, and somebody who did once.
    pub(super) fn roles(&self) -> Vec<Value> {
        let role = |name: &str, status: &str, end: Option<&str>| {
            let mut parts = name.split(' ');
            let (first, last) = (parts.next(), parts.next_back());
            json!({
                "roleType": "Director", "roleStatus": status, "startDate": "2015-03-02T00:00:00.000+1300", "endDate": end,
                "rolePerson": { "title": null, "firstName": first, "middleNames": parts.next(), "lastName": last },
                "roleEntity": null,
                "roleAddress": [home("PHYSICAL"), home("ALTERNATIVE")],
            })
        };
        let current = self.directors.iter().map(|name| role(name, "ACTIVE", None));
        current
            .chain([role(
                "Former Director",
                "INACTIVE",
                Some("2019-06-30T00:00:00.000+1200"),
            )])
            .collect()
    }

    pub(super) fn company_details(&self) -> Value {
        let holder = self.directors.first().copied().unwrap_or_default();
        json!({
            "annualReturnFilingMonth": 5, "annualReturnLastFiled": "2025-05-04", "hasConstitutionFiled": false,
            "removalCommenced": false, "insolvencies": [], "ultimateHoldingCompany": null,
            "shareholding": { "numberOfShares": 100, "shareAllocation": [{ "allocation": 100, "shareholder": [{
                "type": "Individual", "individualShareholder": { "fullName": holder },
                "otherShareholder": null, "shareholderAddress": home("PHYSICAL") }] }] },
        })
    }

    pub(super) fn phones(&self) -> Vec<Value> {
        let (area, number) = self.phone.split_once(' ').unwrap_or_default();
        let phone = json!({
            "uniqueIdentifier": null, "phoneCountryCode": "64", "phoneAreaCode": area, "phoneNumber": number,
            "phonePurpose": null, "startDate": "2015-03-02",
        });
        (!number.is_empty()).then_some(phone).into_iter().collect()
    }

    fn trading_names(&self) -> Vec<Value> {
        let name = json!({ "uniqueIdentifier": null, "name": self.trading, "startDate": null, "endDate": null });
        (!self.trading.is_empty()).then_some(name).into_iter().collect()
    }

    fn kind_words(&self) -> &'static str {
        if self.is_company() {
            "NZ Limited Company"
        } else {
            "Sole Trader"
        }
    }

    fn status_words(&self) -> &'static str {
        match self.status {
            "50" => "Registered",
            "55" => "Voluntary Administration",
            "62" => "In Liquidation",
            "71" => "In Receivership",
            _ => "Removed",
        }
    }
}

/// Where nobody is to be looked for.
fn home(kind: &str) -> Value {
    json!({ "address1": "7 Hidden Lane", "address2": "Remuera", "address3": "Auckland", "postCode": "1050",
            "countryCode": "NZ", "addressType": kind })
}
