//! A CRM page with the widget in it, on this machine, from one command.

use crate::build::{Order, Profile, build};
use crate::flags::Demo;
use crate::{app, serve, setup};
use anyhow::{Context, Result};
use std::net::{Ipv4Addr, TcpListener};
use xshell::Shell;

pub(crate) fn run(shell: &Shell, flags: &Demo) -> Result<()> {
    let port = flags.port.unwrap_or(9000);
    let widget_port =
        port.checked_add(1).context("choose a --port below 65535: the widget is served on the next one")?;
    // Better told now than after minutes of building.
    for port in [port, widget_port] {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .with_context(|| format!("port {port} cannot be used: choose another with --port"))?;
    }

    crate::say("Building the CRM page and the widget: minutes the first time, seconds after.");
    let name = flags.app.as_deref().unwrap_or(app::DEFAULT);
    let crm = format!("http://localhost:{port}");
    // Apart from `dist`, where a build may wait to be deployed.
    let into = &setup::target_dir(shell).join("demo");
    let allow_hosts = std::slice::from_ref(&crm);
    let simulator = build(shell, &Order { app: app::SIMULATOR, profile: Profile::Dev, allow_hosts: &[], into })?;
    let widget = build(shell, &Order { app: name, profile: Profile::Dev, allow_hosts, into })?;

    // Two names of this machine are two origins, as a CRM and a vendor's widget have.
    let widget_url = format!("http://127.0.0.1:{widget_port}/");
    let url = format!("{crm}/?widget={widget_url}");
    crate::say(&format!(
        "
The CRM is at     {url}
The widget is at  {widget_url}

Open the CRM, choose a contact and click the phone number: the widget rings a telephone network that is only simulated.
Ctrl-C stops.
"
    ));
    let mut arguments = vec![serve::site(port, &simulator), serve::site(widget_port, &widget)];
    if !flags.no_open {
        arguments.extend(["--open".into(), url.into()]);
    }
    serve::server(shell, arguments)
}
