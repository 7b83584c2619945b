//! Who may sign in.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use cordboard::async_trait;
use cordboard::telephony::{Agent, AgentId};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Argon2 takes 19 MiB and a core for each password, so this many at a time.
const AT_ONCE: usize = 2;

/// The agents of an account, and how they prove who they are.
#[async_trait]
pub trait Directory: Send + Sync {
    /// The agent who has that name and password; `None` if nobody does. Must take as long for an unknown name as for a wrong password.
    ///
    /// # Errors
    /// When it can't be found out now.
    async fn sign_in(&self, name: &str, password: &str) -> Result<Option<Agent>, DirectoryError>;

    /// Whether anybody can sign in with a password.
    fn has_passwords(&self) -> bool;

    /// The agent for whom the identity provider vouches; `None` if they are not one.
    ///
    /// # Errors
    /// When it can't be found out now.
    async fn vouched(&self, identity: &Identity) -> Result<Option<Agent>, DirectoryError>;

    /// An agent by their id; `None` if they are not an agent any more, and then their session is not renewed.
    ///
    /// # Errors
    /// When it can't be found out now.
    async fn agent(&self, id: &AgentId) -> Result<Option<Agent>, DirectoryError>;
}

/// For whom an identity provider vouches.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The value of the configured claim. Whoever has it is the same person.
    pub value: String,
    /// The name that people read, if the provider says one.
    pub name: Option<String>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(…)")
    }
}

/// The directory can't be asked now.
#[derive(Debug, thiserror::Error)]
#[error("the directory can't be asked")]
pub struct DirectoryError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl DirectoryError {
    /// Wraps what went wrong.
    pub fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

/// A file of agents: for small teams. It is read once. Each has the hash of a password, or the value by which the identity provider
/// knows them, or both; see `agents.example.toml`.
///
/// ```toml
/// [[agents]]
/// id = "alex"
/// name = "Alex"
/// password = "$argon2id$…"    # cordboard-gateway hash-password
/// identity = "248289761001"   # the claim that oidc.claim names
/// ```
pub struct AgentFile {
    agents: Arc<BTreeMap<String, Entry>>,
    /// What an unknown name is compared with, so that it takes as long.
    nobody: String,
    slots: Arc<Semaphore>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    agents: Vec<Entry>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    name: String,
    password: Option<String>,
    identity: Option<String>,
}

impl Entry {
    fn agent(&self) -> Agent {
        Agent { id: self.id.clone(), name: self.name.clone() }
    }
}

/// What is wrong with a file of agents. It shows no password and no hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentFileError(Vec<String>);

impl fmt::Display for AgentFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for AgentFileError {}

impl AgentFile {
    /// Reads a file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(path: &Path) -> Result<Self, AgentFileError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| AgentFileError(vec![format!("{} can't be read: {error}", path.display())]))?;
        Self::from_toml(&text)
    }

    /// Takes a text for the file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn from_toml(text: &str) -> Result<Self, AgentFileError> {
        let file: File = config::Config::builder()
            .add_source(config::File::from_str(text, config::FileFormat::Toml))
            .build()
            .and_then(config::Config::try_deserialize)
            // What the parser says may quote a line, which may hold a hash.
            .map_err(|_| {
                AgentFileError(vec!["it must hold [[agents]] with id, name, and password or identity each".to_owned()])
            })?;
        let mut problems = Vec::new();
        let mut agents = BTreeMap::new();
        for (index, entry) in file.agents.into_iter().enumerate() {
            let mut wrong = |key: &str, why: &str| problems.push(format!("agents[{index}].{key}: {why}"));
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'@');
            if entry.id.is_empty() || entry.id.len() > 64 || !entry.id.bytes().all(is_plain) {
                wrong("id", "it must be 1 to 64 letters, digits, dots, dashes, underscores or @");
            }
            if entry.name.trim().is_empty() {
                wrong("name", "it is empty");
            }
            let is_hash =
                |text: &String| PasswordHash::new(text).is_ok_and(|hash| hash.algorithm.as_str() == "argon2id");
            if entry.password.as_ref().is_some_and(|password| !is_hash(password)) {
                wrong("password", "it is not a hash that `cordboard-gateway hash-password` made");
            }
            if entry.identity.as_ref().is_some_and(String::is_empty) {
                wrong("identity", "it is empty");
            }
            if entry.password.is_none() && entry.identity.is_none() {
                wrong("password", "it is missing, and so is identity");
            }
            let has_same = |other: &Entry| other.identity.is_some() && other.identity == entry.identity;
            if agents.values().any(has_same) {
                wrong("identity", "an earlier agent has the same one");
            }
            if agents.contains_key(&entry.id) {
                wrong("id", "an earlier agent has the same id");
            }
            agents.insert(entry.id.clone(), entry);
        }
        if agents.is_empty() {
            problems.push("it names no agent".to_owned());
        }
        if !problems.is_empty() {
            return Err(AgentFileError(problems));
        }
        Self::of(agents)
    }

    /// A file that names nobody.
    pub(crate) fn empty() -> Result<Self, AgentFileError> {
        Self::of(BTreeMap::new())
    }

    fn of(agents: BTreeMap<String, Entry>) -> Result<Self, AgentFileError> {
        let nobody = hash_password(&crate::random::token()).map_err(|error| AgentFileError(vec![error.to_string()]))?;
        Ok(Self { agents: Arc::new(agents), nobody, slots: Arc::new(Semaphore::new(AT_ONCE)) })
    }

    /// Somebody who can sign in by an identity provider only.
    pub(crate) fn needs_identity_provider(&self) -> Option<&str> {
        self.agents.values().find(|entry| entry.password.is_none()).map(|entry| entry.id.as_str())
    }
}

/// The hash of a password for the file of agents, with a salt of its own.
///
/// # Errors
/// When the operating system gives no random bytes.
pub fn hash_password(password: &str) -> Result<String, DirectoryError> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| DirectoryError::new(error.to_string()))
}

#[async_trait]
impl Directory for AgentFile {
    async fn sign_in(&self, name: &str, password: &str) -> Result<Option<Agent>, DirectoryError> {
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(DirectoryError::new)?;
        let entry = self.agents.get(name).cloned();
        let known = entry.as_ref().and_then(|entry| entry.password.clone());
        let is_known = known.is_some();
        let hash = known.unwrap_or_else(|| self.nobody.clone());
        let password = password.to_owned();
        let is_right = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            PasswordHash::new(&hash)
                .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        });
        let is_right = is_right.await.map_err(DirectoryError::new)?;
        Ok(entry.filter(|_| is_right && is_known).map(|entry| entry.agent()))
    }

    fn has_passwords(&self) -> bool {
        self.agents.values().any(|entry| entry.password.is_some())
    }

    async fn vouched(&self, identity: &Identity) -> Result<Option<Agent>, DirectoryError> {
        let entry = self.agents.values().find(|entry| entry.identity.as_ref() == Some(&identity.value));
        Ok(entry.map(Entry::agent))
    }

    async fn agent(&self, id: &AgentId) -> Result<Option<Agent>, DirectoryError> {
        Ok(self.agents.get(id.as_str()).map(Entry::agent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(password: &str) -> String {
        format!("[[agents]]\nid = \"alex\"\nname = \"Alex\"\npassword = \"{password}\"\n")
    }

    #[tokio::test]
    async fn a_password_is_checked() {
        let directory = AgentFile::from_toml(&file(&hash_password("right").unwrap())).unwrap();
        assert_eq!(directory.sign_in("alex", "right").await.unwrap().unwrap().id, "alex");
        assert!(directory.sign_in("alex", "wrong").await.unwrap().is_none());
        assert!(directory.sign_in("nobody", "right").await.unwrap().is_none());
        assert!(directory.agent(&AgentId::new("nobody")).await.unwrap().is_none());
    }

    #[test]
    fn the_example_is_a_file_of_agents() {
        let example = include_str!("../agents.example.toml").replace("HASH", &hash_password("demo").unwrap());
        assert!(AgentFile::from_toml(&example).unwrap().has_passwords());
    }

    #[tokio::test]
    async fn an_identity_is_matched() {
        let text = "[[agents]]\nid = \"alex\"\nname = \"Alex\"\nidentity = \"2482\"\n";
        let directory = AgentFile::from_toml(text).unwrap();
        let vouched = async |value: &str| {
            directory.vouched(&Identity { value: value.to_owned(), name: None }).await.unwrap().map(|agent| agent.id)
        };
        assert_eq!(vouched("2482").await.as_deref(), Some("alex"));
        for other in ["", "248", "24822", "alex"] {
            assert_eq!(vouched(other).await, None, "{other}");
        }
        assert!(!directory.has_passwords());
        assert_eq!(directory.needs_identity_provider(), Some("alex"));
        for password in ["", "2482"] {
            assert!(directory.sign_in("alex", password).await.unwrap().is_none());
        }
        let twice = [text, &text.replace("alex", "blake")].concat();
        let twice = AgentFile::from_toml(&twice).err().unwrap().to_string();
        assert_eq!(twice, "agents[1].identity: an earlier agent has the same one");
        let neither = AgentFile::from_toml(&text.replace("identity = \"2482\"", "")).err().unwrap().to_string();
        assert_eq!(neither, "agents[0].password: it is missing, and so is identity");
    }

    #[test]
    fn what_is_wrong_is_named_without_a_secret() {
        let problems = |text: &str| AgentFile::from_toml(text).err().unwrap().to_string();
        assert_eq!(problems(""), "it names no agent");
        let plain = problems(&file("hunter2"));
        assert!(plain.starts_with("agents[0].password: ") && !plain.contains("hunter2"), "{plain}");
        assert!(!problems("[[agents]]\npassword = hunter2").contains("hunter2"));
        let twice = file("x") + &file("y").replace("Alex", " ");
        let twice = problems(&twice);
        assert!(twice.contains("agents[1].name: ") && twice.contains("agents[1].id: "), "{twice}");
    }
}
