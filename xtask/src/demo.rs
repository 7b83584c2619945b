//! A CRM page with the widget in it, on this machine, from one command.

use crate::app::Gateway;
use crate::build::{Order, Profile, build};
use crate::flags::Demo;
use crate::provider::{self, Provider};
use crate::{app, serve, setup};
use anyhow::{Context, Result};
use std::ffi::OsString;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use xshell::{Shell, cmd};

/// The ports, from the CRM's on.
struct Ports {
    crm: u16,
    /// The widget's: a folder that is served, or a gateway.
    widget: u16,
    /// The emulated cloud's: its REST, and where its voice SDK connects to.
    cloud: u16,
    signal: u16,
}

impl Ports {
    fn from(crm: u16) -> Result<Self> {
        let after = |count| crm.checked_add(count).context("choose a --port below 65533: the next three are used, too");
        let ports = Self { crm, widget: after(1)?, cloud: after(2)?, signal: after(3)? };
        // Better told now than after minutes of building.
        for port in [ports.crm, ports.widget, ports.cloud, ports.signal] {
            TcpListener::bind((Ipv4Addr::LOCALHOST, port))
                .with_context(|| format!("port {port} cannot be used: choose another with --port"))?;
        }
        Ok(ports)
    }

    /// Where somebody calls from whom the emulated cloud connects.
    fn calls_in(&self) -> String {
        format!("Somebody calls:   http://127.0.0.1:{}/", self.cloud)
    }

    fn crm_url(&self) -> String {
        format!("http://localhost:{}", self.crm)
    }

    /// Two names of this machine are two origins, as a CRM and a vendor's widget have.
    fn widget_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.widget)
    }
}

pub(crate) fn run(shell: &Shell, flags: &Demo) -> Result<()> {
    let ports = Ports::from(flags.port.unwrap_or(9000))?;
    crate::say("Building the CRM page and the widget: minutes the first time, seconds after.");
    // Apart from `dist`, where a build may wait to be deployed.
    let into = setup::target_dir(shell).join("demo");
    let simulator = build(shell, &Order::new(app::SIMULATOR, Profile::Dev, &into))?;
    // Before an address is told that it is to serve.
    cmd!(shell, "cargo build --package cordboard-serve").run()?;
    let mut arguments = vec![serve::site(ports.crm, &simulator)];
    if !flags.no_open {
        arguments.extend(["--open".into(), format!("{}/?widget={}/", ports.crm_url(), ports.widget_url()).into()]);
    }
    match flags.provider.as_deref().unwrap_or("mock") {
        "mock" => mock(shell, flags, &ports, &into, arguments),
        "gateway" => gateway(shell, &ports, &into, arguments),
        name => match provider::ALL.iter().find(|provider| provider.name == name) {
            Some(provider) => emulated(shell, provider, &ports, &into, arguments),
            None => vendor(shell, &app::gateway(shell, name, flags.path.as_deref())?, flags, &ports, &into, arguments),
        },
    }
}

/// The widget over a network that lives in its page, or over what its provider has for development.
fn mock(shell: &Shell, flags: &Demo, ports: &Ports, into: &Path, mut arguments: Vec<OsString>) -> Result<()> {
    let name = flags.app.as_deref().unwrap_or(app::DEFAULT);
    let (allow_hosts, workspace) = (&[ports.crm_url()], flags.path.as_deref());
    let widget = build(shell, &Order { workspace, allow_hosts, ..Order::new(name, Profile::Dev, into) })?;
    arguments.push(serve::site(ports.widget, &widget));
    welcome(ports, "The widget rings a telephone network that is only simulated.");
    let Some(service) = app::find(shell, name, workspace)?.service else { return serve::server(shell, arguments) };
    let target = setup::target_dir(shell);
    {
        let _there = workspace.map(|workspace| shell.push_dir(workspace));
        cmd!(shell, "cargo build --example {service} --target-dir {target}").run()?;
    }
    let _service = start(shell, &format!("examples/{service}"), &[], &[])?;
    serve::server_beside(shell, arguments)
}

/// The widget over a gateway that runs the mock network.
fn gateway(shell: &Shell, ports: &Ports, into: &Path, arguments: Vec<OsString>) -> Result<()> {
    let widget = over_gateway(shell, ports, into)?;
    cmd!(shell, "cargo build --package cordboard-gateway").run()?;
    let config = configure(shell, ports, &widget, &into.join("gateway"), "[provider]\nkind = \"mock\"\n")?;
    let _gateway = start(shell, "cordboard-gateway", &["--config".into(), config], &[])?;
    welcome(
        ports,
        "Sign in as alex or blake, with the password demo. The gateway runs a telephone network that is only simulated.",
    );
    serve::server_beside(shell, arguments)
}

/// The widget over a gateway with a provider of somebody's own, and what that has for development in the place of its service.
fn vendor(
    shell: &Shell,
    gateway: &Gateway,
    flags: &Demo,
    ports: &Ports,
    into: &Path,
    arguments: Vec<OsString>,
) -> Result<()> {
    let widget = over_gateway(shell, ports, into)?;
    let Gateway { name, folder, provider, service } = gateway;
    let target = setup::target_dir(shell);
    {
        let _there = flags.path.as_ref().map(|workspace| shell.push_dir(workspace));
        let packages = ["--package", name, "--package", provider];
        cmd!(shell, "cargo build {packages...} --bin {name} --example {service} --target-dir {target}").run()?;
    }
    let home = fresh(shell, &into.join(name))?;
    agents(shell, &home)?;
    let url = format!("http://127.0.0.1:{}", ports.cloud);
    let provider = shell.read_file(folder.join("demo.toml"))?.replace("{service}", &url);
    let config = configure(shell, ports, &widget, &home, &format!("[agents]\nfile = \"agents.toml\"\n{provider}"))?;

    let cloud = [ports.cloud.to_string().into(), ports.widget_url().into()];
    let _service = start(shell, &format!("examples/{service}"), &cloud, &[])?;
    let _gateway = start(shell, name, &[config], &[])?;
    welcome(
        ports,
        &format!(
            "Sign in as alex or blake, with the password demo. {service} stands in for the service, without sound.\n{}",
            ports.calls_in()
        ),
    );
    serve::server_beside(shell, arguments)
}

/// Builds the widget whose line is a gateway's.
fn over_gateway(shell: &Shell, ports: &Ports, into: &Path) -> Result<PathBuf> {
    let allow_hosts = &[ports.crm_url()];
    build(shell, &Order { allow_hosts, ..Order::new("softphone-gateway", Profile::Dev, into) })
}

/// A folder with nothing in it: who stands in for a service forgets its calls and begins their ids anew, so the gateway must not
/// remember any.
fn fresh(shell: &Shell, folder: &Path) -> Result<PathBuf> {
    shell.remove_path(folder)?;
    Ok(shell.create_dir(folder)?)
}

/// Writes the file of the agents of a demo.
fn agents(shell: &Shell, folder: &Path) -> Result<()> {
    let password =
        cmd!(shell, "cargo run --quiet --package cordboard-gateway -- hash-password").stdin("demo").quiet().read()?;
    let agent =
        |id: &str, name: &str| format!("[[agents]]\nid = \"{id}\"\nname = \"{name}\"\npassword = \"{password}\"\n");
    Ok(shell.write_file(folder.join("agents.toml"), agent("alex", "Alex Demo") + &agent("blake", "Blake Demo"))?)
}

/// The widget over a gateway that runs a provider, and an emulator in the place of its cloud.
fn emulated(shell: &Shell, provider: &Provider, ports: &Ports, into: &Path, arguments: Vec<OsString>) -> Result<()> {
    let workspace = shell.current_dir();
    let fill = |text: &str| {
        let text = text.replace("{cloud}", &ports.cloud.to_string()).replace("{signal}", &ports.signal.to_string());
        text.replace("{workspace}", &workspace.to_string_lossy())
    };
    let connect: Vec<String> = provider.connect.iter().map(|source| fill(source)).collect();
    let (app, allow_hosts, emulator) = (provider.app(), &[ports.crm_url()], provider.emulator());
    let order = Order { allow_hosts, connect: &connect, adds_sdk: true, ..Order::new(&app, Profile::Dev, into) };
    let widget = build(shell, &order)?;
    cmd!(shell, "cargo build --package cordboard-gateway --package {emulator}").run()?;

    let folder = fresh(shell, &into.join(provider.name))?;
    agents(shell, &folder)?;
    let keys = format!(
        "[agents]\nfile = \"agents.toml\"\n[provider]\nkind = \"{}\"\napi_url = \"http://127.0.0.1:{}\"\n{}",
        provider.name,
        ports.cloud,
        fill(provider.keys)
    );
    let config = configure(shell, ports, &widget, &folder, &keys)?;

    let (cloud, webhooks) = (ports.cloud.to_string(), ports.widget_url());
    let mut cloud: Vec<OsString> = ["--port", &cloud, "--webhooks-base", &webhooks].map(OsString::from).into();
    cloud.extend(provider.arguments.iter().map(|argument| fill(argument).into()));
    let _cloud = start(shell, &emulator, &cloud, &[])?;
    let _gateway = start(shell, "cordboard-gateway", &["--config".into(), config], provider.secrets)?;
    welcome(
        ports,
        &format!(
            "Sign in as alex or blake, with the password demo, and allow the microphone. {}\n{}",
            fill(provider.note),
            ports.calls_in()
        ),
    );
    serve::server_beside(shell, arguments)
}

/// Writes the gateway's configuration, and returns where it is.
fn configure(shell: &Shell, ports: &Ports, widget: &Path, folder: &Path, provider: &str) -> Result<OsString> {
    let (listen, url, crm) = (ports.widget, ports.widget_url(), ports.crm_url());
    // Written as JSON is, which TOML reads alike.
    let widget = serde_json::to_string(widget)?;
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:{listen}\"\npublic_url = \"{url}\"\n\
         [widget]\nfolder = {widget}\nframe_ancestors = [\"{crm}\"]\n\
         [policy]\nregions = [\"US\", \"CA\", \"GB\"]\ncalls_at_once = 2\n\
         {provider}"
    );
    shell.create_dir(folder)?;
    let file = folder.join("cordboard.toml");
    shell.write_file(&file, text)?;
    Ok(file.into())
}

fn welcome(ports: &Ports, about: &str) {
    let (crm, widget) = (ports.crm_url(), ports.widget_url());
    crate::say(&format!(
        "
The CRM is at     {crm}/?widget={widget}/
The widget is at  {widget}/

Open the CRM, choose a contact and click the phone number. {about}
Ctrl-C stops.
"
    ));
}

/// Starts a program of this workspace.
fn start(shell: &Shell, name: &str, arguments: &[OsString], secrets: &[(&str, &str)]) -> Result<Beside> {
    let program = setup::target_dir(shell).join("debug").join(name);
    let secrets = secrets.iter().map(|(key, value)| (format!("CORDBOARD__PROVIDER__{key}"), value));
    let child = Command::new(program).args(arguments).envs(secrets).spawn();
    child.map(Beside).with_context(|| format!("{name} does not start"))
}

/// A program that stops with the demo.
struct Beside(Child);

impl Drop for Beside {
    fn drop(&mut self) {
        // It may have stopped by itself, and then it said why.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
