use super::{Party, Secret};
use serde::{Deserialize, Serialize};

/// `POST /api/session`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// The agent's name.
    pub name: String,
    /// The password.
    pub password: Secret,
}

/// `POST /api/session/refresh`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refresh {
    /// The token of the last answer; it is spent with this.
    pub refresh_token: Secret,
}

/// `POST /api/session/oidc`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redeem {
    /// What the window said, good once.
    pub code: Secret,
    /// Of what the SHA-256, in hexadecimal, was the challenge.
    pub verifier: Secret,
}

/// The answer to all of them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// For the socket's hello and for `Authorization: Bearer`.
    pub access_token: Secret,
    /// For how many seconds the access token is good.
    pub expires_in: u64,
    /// Gives the next access token, once.
    pub refresh_token: Secret,
    /// Who is signed in.
    pub agent: Party,
}
