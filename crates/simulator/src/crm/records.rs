//! The people, companies and sites of the demo account. All are made up, and their numbers are reserved for fiction.

use cordboard::telephony::PhoneNumber;

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ObjectType {
    Contact,
    Company,
    /// A custom object of this account.
    Site,
}

/// Names a record: ids are given per type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RecordId {
    pub(crate) object_type: ObjectType,
    pub(crate) id: u32,
}

/// A phone property.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Phone {
    /// The property's name on the wire.
    pub(crate) property: &'static str,
    pub(crate) label: &'static str,
    /// As somebody typed it in: not always a number.
    pub(crate) number: &'static str,
}

/// A person, company or site.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) id: RecordId,
    /// A contact's first name; else the name.
    pub(crate) name: &'static str,
    /// A contact's last name; else empty.
    pub(crate) last_name: &'static str,
    /// A contact's job, a company's trade, a site's kind.
    pub(crate) subtitle: &'static str,
    pub(crate) email: Option<&'static str>,
    pub(crate) phones: &'static [Phone],
    /// Further properties: label and value.
    pub(crate) properties: &'static [(&'static str, &'static str)],
    pub(crate) associated: &'static [RecordId],
}

impl ObjectType {
    pub(crate) const ALL: [Self; 3] = [Self::Contact, Self::Company, Self::Site];

    /// The type's id on the wire.
    pub(crate) const fn wire_id(self) -> &'static str {
        match self {
            Self::Contact => "0-1",
            Self::Company => "0-2",
            Self::Site => "2-1001",
        }
    }

    pub(crate) fn from_wire_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|object_type| object_type.wire_id() == id)
    }

    pub(crate) const fn singular(self) -> &'static str {
        match self {
            Self::Contact => "Contact",
            Self::Company => "Company",
            Self::Site => "Site",
        }
    }

    pub(crate) const fn plural(self) -> &'static str {
        match self {
            Self::Contact => "Contacts",
            Self::Company => "Companies",
            Self::Site => "Sites",
        }
    }
}

impl RecordId {
    /// Reads what [`to_text`](Self::to_text) wrote, if there is such a record.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let (object_type, id) = text.split_once('/')?;
        let id = Self { object_type: ObjectType::from_wire_id(object_type)?, id: id.parse().ok()? };
        id.record().map(|record| record.id)
    }

    /// Such as `0-1/101`.
    pub(crate) fn to_text(self) -> String {
        format!("{}/{}", self.object_type.wire_id(), self.id)
    }

    pub(crate) fn record(self) -> Option<&'static Record> {
        RECORDS.iter().find(|record| record.id == self)
    }
}

impl Record {
    pub(crate) fn full_name(&self) -> String {
        if self.last_name.is_empty() { self.name.to_owned() } else { format!("{} {}", self.name, self.last_name) }
    }

    fn has_number(&self, number: &PhoneNumber) -> bool {
        self.phones.iter().any(|phone| phone.parse().as_ref() == Some(number))
    }
}

impl Phone {
    pub(crate) fn parse(&self) -> Option<PhoneNumber> {
        PhoneNumber::parse(self.number, Some(HOME)).ok()
    }

    /// The number as its country writes it, or what was typed in.
    pub(crate) fn shown(&self) -> String {
        show_number(self.number)
    }
}

/// A number as its country writes it, or the text as it is.
pub(crate) fn show_number(text: &str) -> String {
    PhoneNumber::parse(text, Some(HOME)).map_or_else(|_| text.to_owned(), |number| number.to_international())
}

/// All records of a type.
pub(crate) fn of_type(object_type: ObjectType) -> impl Iterator<Item = &'static Record> {
    RECORDS.iter().filter(move |record| record.id.object_type == object_type)
}

/// The records that have a number, in any spelling.
pub(crate) fn with_number(text: &str) -> Vec<&'static Record> {
    match PhoneNumber::parse(text, Some(HOME)) {
        Ok(number) => RECORDS.iter().filter(|record| record.has_number(&number)).collect(),
        Err(_) => Vec::new(),
    }
}

/// The account's calling code, for numbers without one.
const HOME: &str = "1";

const fn contact(id: u32) -> RecordId {
    RecordId { object_type: ObjectType::Contact, id }
}

const fn company(id: u32) -> RecordId {
    RecordId { object_type: ObjectType::Company, id }
}

const fn site(id: u32) -> RecordId {
    RecordId { object_type: ObjectType::Site, id }
}

const fn phone(number: &'static str) -> Phone {
    Phone { property: "phone", label: "Phone number", number }
}

const fn mobile(number: &'static str) -> Phone {
    Phone { property: "mobilephone", label: "Mobile phone number", number }
}

/// What the number does in the demo's telephone network.
const DEMO: &str = "In the demo network";

static RECORDS: [Record; 22] = [
    Record {
        id: contact(101),
        name: "Maria",
        last_name: "Alvarez",
        subtitle: "Head of Operations",
        email: Some("maria.alvarez@northwind.example"),
        phones: &[phone("+16175550100"), mobile("+1 617 555 0103")],
        properties: &[
            ("Lifecycle stage", "Customer"),
            ("City", "Boston"),
            (DEMO, "The phone answers at once, the mobile after 3 seconds"),
        ],
        associated: &[company(201), site(301)],
    },
    Record {
        id: contact(102),
        name: "Jonas",
        last_name: "Lindqvist",
        subtitle: "Fleet Manager",
        email: Some("jonas.lindqvist@northwind.example"),
        phones: &[phone("(617) 555-0108")],
        properties: &[("Lifecycle stage", "Customer"), ("City", "Boston"), (DEMO, "Answers after 8 seconds")],
        associated: &[company(201), site(302)],
    },
    Record {
        id: contact(103),
        name: "Priya",
        last_name: "Raman",
        subtitle: "Procurement Lead",
        email: Some("priya.raman@harbor.example"),
        phones: &[phone("+16175550110")],
        properties: &[("Lifecycle stage", "Opportunity"), ("City", "Portland"), (DEMO, "Busy")],
        associated: &[company(202), site(303)],
    },
    Record {
        id: contact(104),
        name: "Tom",
        last_name: "Okafor",
        subtitle: "Owner",
        email: Some("tom@okafor.example"),
        phones: &[phone("617.555.0111")],
        properties: &[("Lifecycle stage", "Lead"), ("City", "Worcester"), (DEMO, "Rings for 30 seconds, no answer")],
        associated: &[company(203)],
    },
    Record {
        id: contact(105),
        name: "Hannah",
        last_name: "Weiss",
        subtitle: "Office Manager",
        email: Some("hannah.weiss@harbor.example"),
        phones: &[phone("+16175550112")],
        properties: &[("Lifecycle stage", "Lead"), ("City", "Portland"), (DEMO, "Declines after 3 seconds")],
        associated: &[company(202)],
    },
    Record {
        id: contact(106),
        name: "Luc",
        last_name: "Moreau",
        subtitle: "Technical Director",
        email: Some("luc.moreau@meridian.example"),
        phones: &[phone("+16175550113")],
        properties: &[("Lifecycle stage", "Lead"), ("City", "Montreal"), (DEMO, "Can't be reached")],
        associated: &[company(204)],
    },
    Record {
        id: contact(107),
        name: "Aiko",
        last_name: "Tanaka",
        subtitle: "Account Director",
        email: Some("aiko.tanaka@meridian.example"),
        phones: &[phone("+16175550114")],
        properties: &[("Lifecycle stage", "Opportunity"), ("City", "Osaka"), (DEMO, "Does not exist")],
        associated: &[company(204)],
    },
    Record {
        id: contact(108),
        name: "Samuel",
        last_name: "Brandt",
        subtitle: "Legal Counsel",
        email: Some("samuel.brandt@northwind.example"),
        phones: &[phone("+16175550115")],
        properties: &[("Lifecycle stage", "Customer"), ("City", "Boston"), (DEMO, "May not be called")],
        associated: &[company(201)],
    },
    Record {
        id: contact(109),
        name: "Grace",
        last_name: "Mwangi",
        subtitle: "Field Engineer",
        email: Some("grace.mwangi@okafor.example"),
        phones: &[phone("+16175550116")],
        properties: &[
            ("Lifecycle stage", "Customer"),
            ("City", "Worcester"),
            (DEMO, "The connection is lost after 5 seconds"),
        ],
        associated: &[company(203), site(304)],
    },
    Record {
        id: contact(110),
        name: "Diego",
        last_name: "Fuentes",
        subtitle: "Switchboard",
        email: Some("diego.fuentes@harbor.example"),
        phones: &[phone("+16175550117")],
        properties: &[("Lifecycle stage", "Lead"), ("City", "Portland"), (DEMO, "Presses each key that it hears")],
        associated: &[company(202)],
    },
    Record {
        id: contact(111),
        name: "Ingrid",
        last_name: "Solberg",
        subtitle: "Chief Executive",
        email: Some("ingrid.solberg@meridian.example"),
        phones: &[phone("+16175550118")],
        properties: &[("Lifecycle stage", "Opportunity"), ("City", "Bergen"), (DEMO, "Hangs up after 5 seconds")],
        associated: &[company(204)],
    },
    Record {
        id: contact(112),
        name: "Bartholomew Maximilian",
        last_name: "Featherstonehaugh-Cholmondeley-Wriothesley",
        subtitle: "Regional Vice President of Strategic Partnerships",
        email: Some("b.m.featherstonehaugh-cholmondeley@northwind.example"),
        phones: &[phone("+16175550119")],
        properties: &[("Lifecycle stage", "Customer"), ("City", "London"), (DEMO, "Answers over a slow network")],
        associated: &[company(201)],
    },
    Record {
        id: contact(113),
        name: "ليلى",
        last_name: "حداد",
        subtitle: "مديرة المشتريات",
        email: Some("layla.haddad@meridian.example"),
        phones: &[phone("+44 20 7946 0199")],
        properties: &[("Lifecycle stage", "Lead"), ("City", "London"), (DEMO, "Answers after a few seconds")],
        associated: &[company(204)],
    },
    Record {
        id: contact(114),
        name: "Walter",
        last_name: "Pruitt",
        subtitle: "Imported, never called",
        email: None,
        phones: &[phone("ask at reception")],
        properties: &[("Lifecycle stage", "Subscriber"), (DEMO, "Not a number")],
        associated: &[],
    },
    Record {
        id: company(201),
        name: "Northwind Freight",
        last_name: "",
        subtitle: "Logistics",
        email: None,
        phones: &[phone("+16175550140")],
        properties: &[("Domain", "northwind.example"), ("City", "Boston"), ("Employees", "420")],
        associated: &[contact(101), contact(102), contact(108), contact(112), site(301), site(302)],
    },
    Record {
        id: company(202),
        name: "Harbor & Pine",
        last_name: "",
        subtitle: "Hospitality",
        email: None,
        phones: &[phone("+16175550141")],
        properties: &[("Domain", "harbor.example"), ("City", "Portland"), ("Employees", "85")],
        associated: &[contact(103), contact(105), contact(110), site(303)],
    },
    Record {
        id: company(203),
        name: "Okafor Electric",
        last_name: "",
        subtitle: "Trades",
        email: None,
        phones: &[phone("+16175550142")],
        properties: &[("Domain", "okafor.example"), ("City", "Worcester"), ("Employees", "12")],
        associated: &[contact(104), contact(109), site(304)],
    },
    Record {
        id: company(204),
        name: "Meridian Instruments",
        last_name: "",
        subtitle: "Manufacturing",
        email: None,
        phones: &[],
        properties: &[("Domain", "meridian.example"), ("City", "Montreal"), ("Employees", "1,300")],
        associated: &[contact(106), contact(107), contact(111), contact(113)],
    },
    Record {
        id: site(301),
        name: "Dock 7, Boston",
        last_name: "",
        subtitle: "Warehouse",
        email: None,
        phones: &[phone("+16175550143")],
        properties: &[("Opening hours", "06:00 to 22:00"), ("Access", "Gate code at the desk")],
        associated: &[company(201), contact(101)],
    },
    Record {
        id: site(302),
        name: "Fleet yard, Chelsea",
        last_name: "",
        subtitle: "Depot",
        email: None,
        phones: &[phone("+16175550144")],
        properties: &[("Opening hours", "Always"), ("Access", "Badge")],
        associated: &[company(201), contact(102)],
    },
    Record {
        id: site(303),
        name: "Pine Hotel, Portland",
        last_name: "",
        subtitle: "Hotel",
        email: None,
        phones: &[phone("+16175550145")],
        properties: &[("Opening hours", "Always"), ("Access", "Front desk")],
        associated: &[company(202), contact(103)],
    },
    Record {
        id: site(304),
        name: "Substation 12",
        last_name: "",
        subtitle: "Technical site",
        email: None,
        phones: &[phone("+16175550146")],
        properties: &[("Opening hours", "By appointment"), ("Access", "Two people")],
        associated: &[company(203), contact(109)],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_unique_and_associations_lead_to_records() {
        let ids: BTreeSet<RecordId> = RECORDS.iter().map(|record| record.id).collect();
        assert_eq!(ids.len(), RECORDS.len());
        for record in &RECORDS {
            for associated in record.associated {
                let other = associated.record().expect("an associated record exists");
                assert!(other.associated.contains(&record.id), "{} and {}", record.full_name(), other.full_name());
            }
        }
    }

    #[test]
    fn every_number_of_the_demo_network_is_somebodys() {
        let agents = [cordboard_mock::numbers::ALEX, cordboard_mock::numbers::BLAKE];
        for (number, label) in cordboard_mock::numbers::LABELLED {
            assert_eq!(with_number(number).len(), usize::from(!agents.contains(&number)), "{label}");
        }
    }

    #[test]
    fn a_number_is_found_in_any_spelling() {
        let names = |text: &str| with_number(text).iter().map(|record| record.name).collect::<Vec<_>>();
        for text in ["+16175550108", "(617) 555-0108", "1-617-555-0108", "+1 617 555 0108"] {
            assert_eq!(names(text), ["Jonas"], "{text}");
        }
        assert!(names("ask at reception").is_empty());
        assert!(names("").is_empty());
    }

    #[test]
    fn a_number_is_shown_as_its_country_writes_it() {
        assert_eq!(show_number("+16175550108"), "+1 617-555-0108");
        assert_eq!(show_number("anonymous"), "anonymous");
    }
}
