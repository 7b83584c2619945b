use super::CallsApi;
use super::batch::Batch;
use crate::id::{Id, ObjectType};
use crate::request::Request;
use crate::word::words;
use http::Method;
use serde::{Deserialize, Serialize};

/// A record that a call is to belong to when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Association {
    to: To,
    types: Vec<AssociationType>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct To {
    id: Id,
}

impl Association {
    /// With a record, in these ways.
    #[must_use]
    pub const fn new(to: Id, types: Vec<AssociationType>) -> Self {
        Self { to: To { id: to }, types }
    }
}

/// In which way two records belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssociationType {
    /// Who defined it.
    #[serde(rename = "associationCategory")]
    pub category: AssociationCategory,
    /// Which it is of those.
    #[serde(rename = "associationTypeId")]
    pub id: u32,
}

impl AssociationType {
    /// A call with a person.
    pub const CALL_TO_CONTACT: Self = Self::hubspot(194);
    /// A call with a company.
    pub const CALL_TO_COMPANY: Self = Self::hubspot(182);
    /// A call with a deal.
    pub const CALL_TO_DEAL: Self = Self::hubspot(206);
    /// A call with a ticket.
    pub const CALL_TO_TICKET: Self = Self::hubspot(220);

    /// One of HubSpot's own.
    #[must_use]
    pub const fn hubspot(id: u32) -> Self {
        Self { category: AssociationCategory::Hubspot, id }
    }
}

words! {
    /// Who defined a way of belonging together.
    AssociationCategory {
        /// HubSpot.
        Hubspot = "HUBSPOT_DEFINED",
        /// An app.
        Integrator = "INTEGRATOR_DEFINED",
        /// The account.
        User = "USER_DEFINED",
        /// Work.
        Work = "WORK",
    }
}

/// An association that was made in the usual way.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DefaultAssociation {
    from: To,
    to: To,
    /// In which way.
    #[serde(rename = "associationSpec")]
    pub kind: AssociationType,
}

impl DefaultAssociation {
    /// The call.
    #[must_use]
    pub const fn from(&self) -> &Id {
        &self.from.id
    }

    /// The record.
    #[must_use]
    pub const fn to(&self) -> &Id {
        &self.to.id
    }
}

/// Two records and the labels between them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Labels {
    /// The call.
    pub from_object_id: Id,
    /// Its kind.
    pub from_object_type_id: ObjectType,
    /// The record.
    pub to_object_id: Id,
    /// Its kind.
    pub to_object_type_id: ObjectType,
    /// The labels.
    #[serde(default)]
    pub labels: Vec<String>,
}

impl CallsApi<'_> {
    /// Makes a call belong to a record in the usual way.
    #[must_use]
    pub fn associate(&self, call: &Id, kind: &ObjectType, to: &Id) -> Request<Batch<DefaultAssociation>> {
        let url = self.association(&format!("/{call}/associations/default/{kind}/{to}"));
        Request::for_json("calls.associate", Method::PUT, &url)
    }

    /// Makes a call belong to a record in these ways.
    #[must_use]
    pub fn associate_as(&self, call: &Id, kind: &ObjectType, to: &Id, types: &[AssociationType]) -> Request<Labels> {
        let url = self.association(&format!("/{call}/associations/{kind}/{to}"));
        Request::for_json("calls.associate_as", Method::PUT, &url).json(&types)
    }

    /// Ends that a call belongs to a record, in every way.
    #[must_use]
    pub fn dissociate(&self, call: &Id, kind: &ObjectType, to: &Id) -> Request<()> {
        let url = self.association(&format!("/{call}/associations/{kind}/{to}"));
        Request::for_nothing("calls.dissociate", Method::DELETE, &url)
    }

    fn association(&self, path: &str) -> String {
        self.0.url(&format!("{}{path}", self.0.version().associations()))
    }
}
