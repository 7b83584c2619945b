//! From a built app to what users get, so that it can be broken off anywhere and begun again.

use crate::bundle::{Bundle, Digest, ENTRY, HEADERS, Release};
use crate::check::live::Visitor;
use crate::check::{self, Finding, report, require};
use crate::clock::SystemClock;
use crate::config::{Environment, Publishing};
use crate::setting::Desk;
use crate::store::{self, Current, Store};
use crate::{Outcome, print, say};
use anyhow::{Context as _, Error, Result, bail, ensure};
use cordboard::platform::Clock as _;
use indicatif::{ProgressBar, ProgressStyle};
use std::env;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::process::Command;

/// How to publish.
pub(crate) struct Order<'a> {
    pub(crate) dir: Option<&'a Path>,
    pub(crate) dry_run: bool,
    pub(crate) without_handshake: bool,
}

/// Where releases go, and what users get from there.
struct Place<'a> {
    publishing: &'a Publishing,
    store: Store,
    desk: Desk,
    current: Option<Current>,
    /// The page that users get.
    entry: Option<Vec<u8>>,
}

pub(crate) async fn publish(environment: &Environment, order: &Order<'_>) -> Result<Outcome> {
    let publishing = environment.publishing()?;
    let folder = match order.dir {
        Some(folder) => folder.to_owned(),
        None => build(publishing).await?,
    };
    let bundle = Bundle::read(&folder)?;
    let release = bundle.release(environment.wanted(), now()?)?;
    say(&format!("checking {}", release.version));
    let mut findings = check::configured::check(&release.hubspot, publishing);
    findings.extend(check::bundle::check(&bundle, publishing));
    require(&findings)?;
    require(&[handshake(&bundle, &folder, &release, order).await?])?;
    if let Some(gateway) = &publishing.gateway {
        require(&[Visitor::new(address(&release), publishing)?.gateway(gateway).await])?;
    }

    let place = Place::open(environment).await?;
    let missing = place.missing(&release).await?;
    if order.dry_run {
        return place.show(&release, &missing).await;
    }
    // What was made before stays as it was made.
    let release = match place.store.release(&release.version).await? {
        Some(known) => known,
        None => release,
    };
    if missing.is_empty() && place.has(&release) && place.desk.agrees().await? {
        say(&format!("{} is published already", release.version));
        return Ok(Outcome::Done);
    }
    place.send(&bundle, &release, &missing).await?;
    place.store.put_release(&release).await?;
    place.go_live(&release).await?;
    Ok(Outcome::Done)
}

pub(crate) async fn rollback(environment: &Environment, to: Option<&str>) -> Result<Outcome> {
    let place = Place::open(environment).await?;
    let version = match (to, &place.current) {
        (Some(version), _) => version.to_owned(),
        (None, None) => bail!("nothing is published yet"),
        // What users get may be of a publication that was broken off: the one before is what was finished last.
        (None, Some(current)) if !place.shows(&place.known(&current.version).await?) => current.version.clone(),
        (None, Some(current)) => current.previous.clone().context("there is no release before: name one with --to")?,
    };
    let release = place.known(&version).await?;
    let place = Place { desk: place.desk.with(release.hubspot.clone()), ..place };
    place.go_live(&release).await?;
    Ok(Outcome::Done)
}

pub(crate) async fn releases(environment: &Environment) -> Result<Outcome> {
    let store = Store::open(environment.publishing()?)?;
    let (current, entry) = (store.current().await?, store.get(ENTRY[0]).await?.map(|bytes| Digest::of(&bytes)));
    for release in store.releases().await? {
        let is_current = current.as_ref().is_some_and(|current| current.version == release.version);
        let mark = match (is_current, release.files.get(ENTRY[0]) == entry.as_ref()) {
            (true, true) => "  users get it",
            (true, false) => "  users get another: publish or roll back again",
            _ => "",
        };
        print(&format!("{}  {}{mark}", release.version, release.made))?;
    }
    Ok(Outcome::Done)
}

/// Builds the app, and returns its folder.
async fn build(Publishing { app, gateway, .. }: &Publishing) -> Result<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["xtask", "build", "--release", "--app", app]);
    command.args(gateway.iter().flat_map(|gateway| ["--gateway", gateway]));
    ensure!(command.status().await.context("cargo can't be run")?.success(), "{app} can't be built");
    Ok(Path::new("dist").join(app))
}

async fn handshake(bundle: &Bundle, folder: &Path, release: &Release, order: &Order<'_>) -> Result<Finding> {
    if order.without_handshake {
        return Ok(Finding::not_tried("handshake", "because of --without-handshake"));
    }
    check::handshake::check(bundle, folder, address(release)).await
}

/// The widget's address.
fn address(release: &Release) -> &str {
    release.hubspot.settings.as_ref().map(|settings| settings.url.as_str()).unwrap_or_default()
}

fn now() -> Result<String> {
    let millis = SystemClock.now().as_millis();
    Ok(OffsetDateTime::from_unix_timestamp(i64::try_from(millis / 1000)?)?.format(&Rfc3339)?)
}

impl<'a> Place<'a> {
    async fn open(environment: &'a Environment) -> Result<Self> {
        let publishing = environment.publishing()?;
        let desk = Desk::open(environment).await?;
        let problem = |error: Error| Some(format!("{error:#}"));
        // A wrong key is found before anything is sent.
        require(&[Finding::of("HubSpot", desk.now().await.err().and_then(problem))])?;
        let store = Store::open(publishing)?;
        let current = store.current().await;
        require(&[Finding::of("store", current.as_ref().err().map(|error| format!("{error:#}")))])?;
        let (current, entry) = (current?, store.get(ENTRY[0]).await?);
        Ok(Self { publishing, store, desk, current, entry })
    }

    async fn known(&self, version: &str) -> Result<Release> {
        let release = self.store.release(version).await?;
        release.with_context(|| format!("there is no release {version}: see cargo xtask releases"))
    }

    /// Whether users get that release's page.
    fn shows(&self, release: &Release) -> bool {
        self.entry.as_ref().map(|bytes| Digest::of(bytes)).as_ref() == release.files.get(ENTRY[0])
    }

    /// Whether that release was published to its end.
    fn has(&self, release: &Release) -> bool {
        self.shows(release) && self.current.as_ref().is_some_and(|current| current.version == release.version)
    }

    /// The files of a release that are not there as they should be.
    async fn missing(&self, release: &Release) -> Result<Vec<String>> {
        let mut missing = Vec::new();
        for (path, digest) in &release.files {
            let there = self.store.get(&release.place(path)).await?;
            if there.map(|bytes| Digest::of(&bytes)).as_ref() != Some(digest) {
                missing.push(path.clone());
            }
        }
        Ok(missing)
    }

    /// The exact difference.
    async fn show(&self, release: &Release, missing: &[String]) -> Result<Outcome> {
        for path in missing {
            let bytes = release.files.get(path).map_or(0, |digest| digest.bytes);
            print(&format!("+ {} ({bytes} bytes)", release.place(path)))?;
        }
        if self.store.release(&release.version).await?.is_none() {
            print(&format!("+ {}", store::record(&release.version)))?;
        }
        self.show_headers(release).await?;
        let current = self.current.as_ref().map_or("nothing", |current| &current.version);
        if !self.has(release) {
            for path in ENTRY.iter().rev().filter(|path| release.files.contains_key(**path)) {
                print(&format!("~ {path}"))?;
            }
            print(&format!("~ {}", store::CURRENT))?;
            print(&format!("users get: {current} -> {}", release.version))?;
        }
        self.desk.diff_all().await?;
        say("nothing was sent");
        Ok(Outcome::Done)
    }

    /// The lines of `_headers` that go and come.
    async fn show_headers(&self, release: &Release) -> Result<()> {
        let there = self.store.get(HEADERS).await?.unwrap_or_default();
        let (there, wanted) = (String::from_utf8_lossy(&there).into_owned(), self.headers(release).await?);
        if there == wanted {
            return Ok(());
        }
        print(&format!("~ {HEADERS}"))?;
        for line in there.lines().filter(|line| !wanted.lines().any(|other| other == *line)) {
            print(&format!("  - {}", line.trim()))?;
        }
        for line in wanted.lines().filter(|line| !there.lines().any(|other| other == *line)) {
            print(&format!("  + {}", line.trim()))?;
        }
        Ok(())
    }

    /// What `_headers` is to be while users go from the release that they have to this one.
    async fn headers(&self, release: &Release) -> Result<String> {
        let before = match &self.current {
            Some(current) => self.store.release(&current.version).await?,
            None => None,
        };
        Ok(release.headers().published(before.as_ref().map(Release::headers).as_ref()))
    }

    /// Sends what is not there, and reads it back. Nothing that users get is touched.
    async fn send(&self, bundle: &Bundle, release: &Release, missing: &[String]) -> Result<()> {
        say(&format!("sending {} of {} files", missing.len(), release.files.len()));
        // It draws nothing where there is no terminal.
        let bar = ProgressBar::new(u64::try_from(missing.len())?)
            .with_style(ProgressStyle::with_template("  {bar:40} {pos}/{len} {msg}")?);
        for path in missing {
            bar.set_message(path.clone());
            let bytes = bundle.files.get(path).context("it was read")?;
            self.store.put(&release.place(path), bytes).await?;
            bar.inc(1);
        }
        bar.finish_and_clear();
        self.is_whole(release).await
    }

    async fn is_whole(&self, release: &Release) -> Result<()> {
        let missing = self.missing(release).await?;
        ensure!(
            missing.is_empty(),
            "the store does not have {} as it was sent; users have what they had",
            missing.join(", ")
        );
        Ok(())
    }

    /// Lets users have a release that lies in the store.
    async fn go_live(&self, release: &Release) -> Result<()> {
        self.is_whole(release).await?;
        self.store.put(HEADERS, self.headers(release).await?.as_bytes()).await?;
        let visitor = Visitor::new(address(release), self.publishing)?;
        say("checking what the host sends");
        require(&visitor.check(release).await)?;

        // Where there is no page yet, it comes first, for what HubSpot is told to show must be there. Where there is one, it is changed
        // last, for what HubSpot refuses must leave users what they have.
        if self.entry.is_none() {
            self.switch(release).await?;
            self.tell_hubspot().await?;
        } else {
            self.tell_hubspot().await?;
            self.switch(release).await?;
        }
        self.verify(release, &visitor).await?;
        if !self.has(release) {
            let current = self.current.as_ref();
            let before = current.filter(|current| current.version != release.version);
            let previous = before.map(|before| before.version.clone()).or_else(|| current?.previous.clone());
            self.store.put_current(&Current { version: release.version.clone(), since: now()?, previous }).await?;
        }
        say(&format!("users get {}", release.version));
        Ok(())
    }

    async fn switch(&self, release: &Release) -> Result<()> {
        say("switching the page");
        // The compressed forms first: a host sends one of them or the page, and each is whole.
        for path in ENTRY.iter().rev().filter(|path| release.files.contains_key(**path)) {
            let bytes = self.store.get(&release.place(path)).await?.context("the release's page is gone")?;
            self.store.put(path, &bytes).await.context("run the same command again")?;
        }
        Ok(())
    }

    /// Puts the settings. If HubSpot refuses one, it gets back what it had of the others.
    async fn tell_hubspot(&self) -> Result<()> {
        say("telling HubSpot");
        let before = self.desk.now().await?;
        let Err(error) = self.desk.put_all().await else { return Ok(()) };
        match self.desk.restore(before).await {
            Ok(()) => Err(error.context("HubSpot has what it had, and users have the page that they had")),
            Err(_) => Err(error.context("HubSpot may have a part of the new settings: run the same command again")),
        }
    }

    async fn verify(&self, release: &Release, visitor: &Visitor) -> Result<()> {
        let there = self.store.get(ENTRY[0]).await?.map(|bytes| Digest::of(&bytes));
        ensure!(
            there.as_ref() == release.files.get(ENTRY[0]),
            "the store has another page than was sent: somebody else publishes; try again"
        );
        report(&[visitor.shows(release).await])
            .context("the page was switched: see what users get, then publish or roll back")
    }
}
