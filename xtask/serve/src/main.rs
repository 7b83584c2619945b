//! Serves bundles on this machine, as a static host would: with the headers that they ask for, compressed, cached.

mod certificate;
mod encoding;
mod flags;
mod response;
mod rules;

use crate::flags::Server;
use anyhow::{Context, Error, Result, ensure};
use axum::Router;
use axum::http::Request;
use axum_server::tls_rustls::RustlsConfig;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;

/// A folder and the port where it is served.
#[derive(Debug, PartialEq)]
pub(crate) struct Site {
    port: u16,
    folder: PathBuf,
}

impl FromStr for Site {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (port, folder) = text.split_once('=').context("write a site as PORT=FOLDER")?;
        Ok(Self { port: port.parse().context("a port is a number up to 65535")?, folder: folder.into() })
    }
}

fn main() -> ExitCode {
    match run(Server::from_env_or_exit()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn run(flags: Server) -> Result<()> {
    ensure!(!flags.site.is_empty(), "name what to serve, as PORT=FOLDER");
    let tls = flags.certificate.as_deref().map(certificate::tls).transpose()?;
    let mut servers = tokio::task::JoinSet::new();
    for Site { port, folder } in flags.site {
        let listener = listen(port)?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        say(&format!("{scheme}://localhost:{port}/ serves {}", folder.display()));
        let answer = move |request: Request<axum::body::Body>| async move { response::respond(&folder, &request) };
        let service = Router::new().fallback(answer).into_make_service();
        match tls.clone() {
            Some(tls) => {
                let server = axum_server::from_tcp_rustls(listener, RustlsConfig::from_config(Arc::new(tls)))?;
                servers.spawn(server.serve(service));
            }
            None => {
                servers.spawn(axum_server::from_tcp(listener)?.serve(service));
            }
        }
    }
    if let Some(url) = flags.open
        && let Err(error) = opener::open_browser(&url)
    {
        say(&format!("no browser could be opened ({error}): open {url} yourself"));
    }
    while let Some(ended) = servers.join_next().await {
        ended??;
    }
    Ok(())
}

fn listen(port: u16) -> Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => anyhow::anyhow!("port {port} is in use: choose another with --port"),
        ErrorKind::PermissionDenied => {
            anyhow::anyhow!("port {port} needs more rights: choose one above 1023 with --port")
        }
        _ => Error::from(error).context(format!("cannot listen on port {port}")),
    })?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Tells the user.
#[expect(clippy::print_stderr, reason = "a command line program talks to its user")]
fn say(text: &str) {
    eprintln!("{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_a_port_and_a_folder() {
        assert_eq!("9025=/a=b".parse::<Site>().unwrap(), Site { port: 9025, folder: "/a=b".into() });
        assert!("/a".parse::<Site>().is_err());
        assert!("70000=/a".parse::<Site>().is_err());
    }

    #[test]
    fn a_port_in_use_is_named() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        assert_eq!(listen(port).unwrap_err().to_string(), format!("port {port} is in use: choose another with --port"));
    }
}
