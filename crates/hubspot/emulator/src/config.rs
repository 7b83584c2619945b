use std::time::Duration;

/// An account, an app, and what HubSpot allows.
#[derive(Clone, Debug)]
pub struct CloudConfig {
    /// The app.
    pub app_id: u32,
    /// The developer account's key.
    pub developer_key: String,
    /// The app's client id.
    pub client_id: String,
    /// The app's client secret.
    pub client_secret: String,
    /// Where users come back to.
    pub redirect_uri: String,
    /// The account.
    pub portal: u32,
    /// What users consent to.
    pub scopes: Vec<String>,
    /// The token of a private app in the account, which may do everything and never ages.
    pub private_token: String,
    /// How long an access token is good.
    pub token_life: Duration,
    /// How many requests in ten seconds an app may send for an account.
    pub burst: u32,
    /// How many in a day.
    pub daily: u32,
    /// How many searches in a second.
    pub searches: u32,
    /// After how long a search finds what was written.
    pub index_delay: Duration,
    /// The people in the account.
    pub contacts: Vec<Contact>,
    /// The companies in the account.
    pub companies: Vec<u64>,
    /// What can become of calls in the account: ids, and what people read.
    pub dispositions: Vec<(String, String)>,
    /// The same seed gives the same ids and tokens.
    pub seed: u64,
}

/// A person in an account.
#[derive(Clone, Debug)]
pub struct Contact {
    /// The record.
    pub id: u64,
    /// Their name.
    pub first_name: String,
    /// Their number.
    pub phone: String,
}

impl CloudConfig {
    /// An app and an account that exist nowhere.
    #[must_use]
    pub fn for_tests() -> Self {
        let contact = |id, first_name: &str, phone: &str| Contact {
            id,
            first_name: first_name.to_owned(),
            phone: phone.to_owned(),
        };
        let disposition = |id: &str, label: &str| (id.to_owned(), label.to_owned());
        Self {
            app_id: 12_345,
            developer_key: "not-a-secret-developer-key".to_owned(),
            client_id: "not-a-secret-client-id".to_owned(),
            client_secret: "not-a-secret-client-secret".to_owned(),
            redirect_uri: "https://calls.example.com/oauth/callback".to_owned(),
            portal: 62_515,
            scopes: ["oauth", "crm.objects.contacts.read", "crm.objects.contacts.write", "crm.objects.owners.read"]
                .into_iter()
                .chain(["crm.extensions_calling_transcripts.read", "crm.extensions_calling_transcripts.write"])
                .map(str::to_owned)
                .collect(),
            private_token: "not-a-secret-private-token".to_owned(),
            token_life: Duration::from_mins(30),
            burst: 110,
            daily: 1_000_000,
            searches: 5,
            index_delay: Duration::from_secs(5),
            contacts: vec![contact(101, "Ada", "+16175550142"), contact(102, "Grace", "+16175550143")],
            companies: vec![201],
            dispositions: vec![
                disposition("f240bbac-87c9-4f6e-bf70-924b57d47db7", "Connected"),
                disposition("9d9162e7-6cf3-4944-bf63-4dff82258764", "Busy"),
                disposition("73a0d17f-1163-4015-bdd5-ec830791da20", "No answer"),
            ],
            seed: 1,
        }
    }
}
