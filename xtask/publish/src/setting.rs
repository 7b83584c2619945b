//! One of an app's settings: shown, compared, set, removed.

use crate::access::access;
use crate::clock::SystemClock;
use crate::command::Order;
use crate::config::Environment;
use crate::{Outcome, print, say};
use anyhow::{Context as _, Error, Result, anyhow, bail, ensure};
use cordboard_hubspot::{
    Api, AppId, CallingSettings, Change, ChannelConnection, Client, ErrorKind, Https, Put, RecordingSettings, Request,
    Setting,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// What HubSpot is to know of an app.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Wanted {
    pub(crate) settings: Option<CallingSettings>,
    pub(crate) recording: Option<RecordingSettings>,
    pub(crate) channel: Option<ChannelConnection>,
}

/// Where an app's settings are looked after.
#[derive(Clone)]
pub(crate) struct Desk {
    app: AppId,
    wanted: Wanted,
    api: Api,
    client: Arc<Client>,
}

/// A setting as the configuration has it.
pub(crate) trait Configured: Setting {
    /// The key of the configuration.
    const KEY: &'static str;

    fn wanted(wanted: &Wanted) -> Option<&Self>;

    /// The request that removes it, if there is one.
    fn delete(api: &Api, app: AppId) -> Option<Request<()>>;
}

impl Configured for CallingSettings {
    const KEY: &'static str = "settings";

    fn wanted(wanted: &Wanted) -> Option<&Self> {
        wanted.settings.as_ref()
    }

    fn delete(api: &Api, app: AppId) -> Option<Request<()>> {
        Some(api.settings::<Self>(app).delete())
    }
}

impl Configured for ChannelConnection {
    const KEY: &'static str = "channel";

    fn wanted(wanted: &Wanted) -> Option<&Self> {
        wanted.channel.as_ref()
    }

    fn delete(api: &Api, app: AppId) -> Option<Request<()>> {
        Some(api.settings::<Self>(app).delete())
    }
}

impl Configured for RecordingSettings {
    const KEY: &'static str = "recording";

    fn wanted(wanted: &Wanted) -> Option<&Self> {
        wanted.recording.as_ref()
    }

    fn delete(_: &Api, _: AppId) -> Option<Request<()>> {
        None
    }
}

impl Desk {
    pub(crate) async fn open(environment: &Environment) -> Result<Self> {
        let api = environment.api()?;
        let https = Arc::new(Https::new().context("the system's certificates can't be read")?);
        let seed = getrandom::u64().unwrap_or_default();
        let client = |access| Client::new(Arc::clone(&https) as _, Arc::new(SystemClock), access, seed);
        let access = access(&api, client).await?;
        Ok(Self { app: environment.app(), wanted: environment.wanted(), client: Arc::new(client(access)), api })
    }

    pub(crate) async fn carry_out<S: Configured>(&self, order: &Order) -> Result<Outcome> {
        match order {
            Order::Get(_) => self.get::<S>().await,
            Order::Diff(_) => self.diff::<S>().await,
            Order::Put { dry_run: true, .. } => self.diff::<S>().await.map(|_| Outcome::Done),
            Order::Put { .. } => self.put::<S>().await,
            Order::Delete { yes, .. } => self.delete::<S>(*yes).await,
        }
    }

    /// The same desk, for what a release wanted.
    pub(crate) fn with(self, wanted: Wanted) -> Self {
        Self { wanted, ..self }
    }

    /// What HubSpot has of it now.
    pub(crate) async fn now(&self) -> Result<Wanted> {
        Ok(Wanted {
            settings: self.current().await?,
            recording: self.current_if(self.wanted.recording.is_some()).await?,
            channel: self.current_if(self.wanted.channel.is_some()).await?,
        })
    }

    async fn current_if<S: Configured>(&self, wanted: bool) -> Result<Option<S>> {
        if wanted { self.current().await } else { Ok(None) }
    }

    /// Shows in what HubSpot differs, and says whether it does.
    pub(crate) async fn diff_all(&self) -> Result<bool> {
        let mut differs = matches!(self.diff::<CallingSettings>().await?, Outcome::Differs);
        if self.wanted.recording.is_some() {
            differs |= matches!(self.diff::<RecordingSettings>().await?, Outcome::Differs);
        }
        if self.wanted.channel.is_some() {
            differs |= matches!(self.diff::<ChannelConnection>().await?, Outcome::Differs);
        }
        Ok(differs)
    }

    /// Whether HubSpot has all that is wanted.
    pub(crate) async fn agrees(&self) -> Result<bool> {
        fn same<S: Setting>(current: Option<&S>, wanted: Option<&S>) -> bool {
            let differs = |wanted| current.is_none_or(|current| !Change::between(current, wanted).is_empty());
            !wanted.is_some_and(differs)
        }
        let (now, wanted) = (self.now().await?, &self.wanted);
        Ok(same(now.settings.as_ref(), wanted.settings.as_ref())
            && same(now.recording.as_ref(), wanted.recording.as_ref())
            && same(now.channel.as_ref(), wanted.channel.as_ref()))
    }

    /// Gives back what HubSpot had. What it had not stays.
    pub(crate) async fn restore(&self, before: Wanted) -> Result<()> {
        let mut desk = self.clone();
        desk.wanted = before;
        desk.put_all().await
    }

    /// Makes HubSpot have all of it; last what users see.
    pub(crate) async fn put_all(&self) -> Result<()> {
        if self.wanted.recording.is_some() {
            self.put::<RecordingSettings>().await.context("recording")?;
        }
        if self.wanted.channel.is_some() {
            self.put::<ChannelConnection>().await.context("channel")?;
        }
        if self.wanted.settings.is_some() {
            self.put::<CallingSettings>().await.context("settings")?;
        }
        Ok(())
    }

    async fn get<S: Configured>(&self) -> Result<Outcome> {
        let Some(current) = self.current::<S>().await? else { bail!("HubSpot has none for this app") };
        print(&serde_json::to_string_pretty(&current)?)?;
        Ok(Outcome::Done)
    }

    async fn diff<S: Configured>(&self) -> Result<Outcome> {
        let wanted = self.wanted::<S>()?;
        match self.current::<S>().await? {
            Some(current) => {
                let change = Change::between(&current, wanted);
                show(&change)?;
                Ok(if change.is_empty() { Outcome::Done } else { Outcome::Differs })
            }
            None => {
                print("HubSpot has none. It would be made:")?;
                print(&serde_json::to_string_pretty(wanted)?)?;
                Ok(Outcome::Differs)
            }
        }
    }

    async fn put<S: Configured>(&self) -> Result<Outcome> {
        let wanted = self.wanted::<S>()?;
        let api = self.api.settings::<S>(self.app);
        match self.client.put(&api, wanted).await.map_err(explain)? {
            Put::Created(_) => say("made"),
            Put::Unchanged(_) => say("it was so already"),
            Put::Changed(change, _) => {
                show(&change)?;
                say("changed");
            }
        }
        // What HubSpot answered is one thing, what it has another.
        let kept = self.current::<S>().await?.context("HubSpot took it, and has it not")?;
        ensure!(Change::between(&kept, wanted).is_empty(), "HubSpot took it, and has something else: see diff");
        Ok(Outcome::Done)
    }

    async fn delete<S: Configured>(&self, yes: bool) -> Result<Outcome> {
        let Some(delete) = S::delete(&self.api, self.app) else {
            bail!("HubSpot can't remove it; put another address instead")
        };
        ensure!(yes, "this takes the app from every account that uses it: say --yes if it is to be");
        self.client.send(&delete).await.map_err(explain)?;
        say("removed");
        Ok(Outcome::Done)
    }

    async fn current<S: Configured>(&self) -> Result<Option<S>> {
        match self.client.send(&self.api.settings::<S>(self.app).get()).await {
            Ok(stored) => Ok(Some(stored.setting)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(explain(error)),
        }
    }

    fn wanted<S: Configured>(&self) -> Result<&S> {
        let wanted = S::wanted(&self.wanted);
        let wanted = wanted.with_context(|| format!("the configuration has no {} for this environment", S::KEY))?;
        let problems = problems(wanted);
        ensure!(problems.is_empty(), "the configuration's {} can't be sent: {}", S::KEY, problems.join("; "));
        Ok(wanted)
    }
}

/// Why a setting can't be sent.
pub(crate) fn problems<S: Setting>(setting: &S) -> Vec<String> {
    setting.problems().iter().map(|(field, why)| format!("{field}: {why}")).collect()
}

/// A line for each field that differs.
fn show<S: Setting>(change: &Change<S>) -> Result<()> {
    for (field, difference) in change.fields() {
        let current = difference.current.as_ref().map_or_else(|| "nothing".to_owned(), Value::to_string);
        print(&format!("{field}: {current} -> {}", difference.wanted))?;
    }
    Ok(())
}

/// An error, and what to do about it.
fn explain(error: cordboard_hubspot::Error) -> Error {
    let advice = match error.kind() {
        ErrorKind::Unauthorized => {
            "check the secret in the environment, and that it is the developer account's of this app"
        }
        ErrorKind::MissingScopes => "the token needs the scopes developers-read and developers-write",
        ErrorKind::NotAllowed => "the account that the secret belongs to may not change this app",
        ErrorKind::NotFound => "check app_id: the developer account has no such app, or the setting is not there",
        ErrorKind::Invalid => "correct the field that is named in the configuration",
        ErrorKind::RateLimited { .. } | ErrorKind::DailyLimit | ErrorKind::Unavailable { .. } => "try again later",
        ErrorKind::Unreachable => "check the network, and api_url if there is one",
        _ => "if it stays, ask HubSpot's support with the correlation id",
    };
    anyhow!("{error}; {advice}")
}
