use crate::word::words;
use serde::Serialize;
use std::fmt;

/// What to look for. A call that was just made is found some seconds later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Search {
    /// Any of these groups must fit.
    pub filter_groups: Vec<FilterGroup>,
    /// In which order: names of properties, the ones that go down with `-` before.
    pub sorts: Vec<String>,
    /// Which properties come back.
    pub properties: Vec<String>,
    /// How many at the most, up to 200.
    pub limit: u16,
    /// Where the page begins, which the one before says.
    pub after: String,
}

/// All of these must fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FilterGroup {
    /// Each.
    pub filters: Vec<Filter>,
}

/// What a property must be. `Debug` hides what it is compared with.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Filter {
    /// The property.
    pub property_name: String,
    /// How it is compared.
    pub operator: Operator,
    /// With what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The upper end, for [`Operator::Between`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high_value: Option<String>,
    /// With which of these, for [`Operator::In`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

words! {
    /// How a property is compared.
    Operator {
        /// It lies between two values.
        Between = "BETWEEN",
        /// It has the word.
        ContainsToken = "CONTAINS_TOKEN",
        /// It is the value.
        Eq = "EQ",
        /// It is greater.
        Gt = "GT",
        /// It is greater or the same.
        Gte = "GTE",
        /// It has a value.
        HasProperty = "HAS_PROPERTY",
        /// It is one of the values.
        In = "IN",
        /// It is less.
        Lt = "LT",
        /// It is less or the same.
        Lte = "LTE",
        /// It is another.
        Neq = "NEQ",
        /// It has not the word.
        NotContainsToken = "NOT_CONTAINS_TOKEN",
        /// It has no value.
        NotHasProperty = "NOT_HAS_PROPERTY",
        /// It is none of the values.
        NotIn = "NOT_IN",
    }
}

impl Search {
    /// Calls of which a property has a value: the newest first, with these properties.
    #[must_use]
    pub fn by(property: &str, value: &str, properties: &[&str]) -> Self {
        Self::any(&[(property, value)], properties)
    }

    /// Those of which any of these properties has that value.
    #[must_use]
    pub fn any(wanted: &[(&str, &str)], properties: &[&str]) -> Self {
        let filter = |(property, value): &(&str, &str)| Filter {
            property_name: (*property).to_owned(),
            operator: Operator::Eq,
            value: Some((*value).to_owned()),
            high_value: None,
            values: Vec::new(),
        };
        Self {
            filter_groups: wanted.iter().map(|wanted| FilterGroup { filters: vec![filter(wanted)] }).collect(),
            sorts: vec!["-hs_timestamp".to_owned()],
            properties: properties.iter().map(|&name| name.to_owned()).collect(),
            limit: 100,
            after: "0".to_owned(),
        }
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter")
            .field("property_name", &self.property_name)
            .field("operator", &self.operator)
            .finish_non_exhaustive()
    }
}
