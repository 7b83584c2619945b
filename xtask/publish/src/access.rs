//! Secrets, which come from the environment only.

use anyhow::{Result, bail};
use cordboard_hubspot::{Access, Api, AppCredentials, Client};
use secrecy::SecretString;
use std::env;

const KEY: &str = "CORDBOARD_HUBSPOT_DEVELOPER_KEY";
const TOKEN: &str = "CORDBOARD_HUBSPOT_TOKEN";
const CLIENT_ID: &str = "CORDBOARD_HUBSPOT_CLIENT_ID";
const CLIENT_SECRET: &str = "CORDBOARD_HUBSPOT_CLIENT_SECRET";
const SCOPES: [&str; 2] = ["developers-read", "developers-write"];

/// What the environment gives. The app's own credentials give a token for this run.
pub(crate) async fn access(api: &Api, client: impl Fn(Access) -> Client) -> Result<Access> {
    let secret = |name| env::var(name).ok().filter(|value| !value.is_empty()).map(SecretString::from);
    match (secret(KEY), secret(TOKEN), env::var(CLIENT_ID).ok(), secret(CLIENT_SECRET)) {
        (Some(key), None, None, None) => Ok(Access::DeveloperKey(key)),
        (None, Some(token), None, None) => Ok(Access::Bearer(token)),
        (None, None, Some(client_id), Some(client_secret)) => {
            let credentials = AppCredentials { client_id, client_secret, redirect_uri: String::new() };
            let request = api.oauth(&credentials).client_credentials(&SCOPES);
            Ok(Access::Bearer(client(Access::Open).send(&request).await?.access))
        }
        _ => bail!("set one of {KEY}, {TOKEN}, or {CLIENT_ID} and {CLIENT_SECRET} in the environment"),
    }
}
