//! A server in a process of its own, on a core of its own, and what it costs.

use anyhow::{Context as _, Result, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_setaffinity};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

/// The servers' core, and ours.
const SERVER_CORE: &str = "0";
const CLIENT_CORE: usize = 1;
/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(20);
/// Files besides the sockets.
const OTHER_FILES: u64 = 1_000;

/// A server that runs. It ends with this.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

/// Keeps this process, and nothing that it starts by [`Server::start`], on a core of its own, with enough files for the sockets.
pub(crate) fn prepare(sockets: u64) -> Result<()> {
    let mut core = CpuSet::new();
    core.set(CLIENT_CORE);
    sched_setaffinity(None, &core).context("the load needs two cores: one for the server, one for the clients")?;
    let files = sockets + OTHER_FILES;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < files) {
        let maximum = limit.maximum.map(|maximum| maximum.max(files));
        setrlimit(Resource::Nofile, Rlimit { current: Some(files), maximum })
            .with_context(|| format!("allow {files} open files: `ulimit -n` says how many there may be"))?;
    }
    Ok(())
}

/// A port of this machine that nobody uses.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

impl Server {
    /// Starts a program that will listen there.
    pub(crate) async fn start(
        program: &Path,
        address: SocketAddr,
        arguments: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Result<Self> {
        let mut command = Command::new("taskset");
        let command = arguments(command.args(["--cpu-list", SERVER_CORE]).arg(program));
        let child = command.spawn().context("install taskset, of Debian's util-linux")?;
        let mut server = Self { child, address };
        let begun = Instant::now();
        while TcpStream::connect(address).await.is_err() {
            if let Some(status) = server.child.try_wait()? {
                bail!("{} ended with {status}", program.display());
            }
            if begun.elapsed() > PATIENCE {
                bail!("{} does not listen", program.display());
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(server)
    }

    /// What it holds of the machine's memory, in KiB: all its resident pages. What the kernel keeps for its sockets is not in it.
    pub(crate) fn user_rss(&self) -> Result<u64> {
        let text = fs::read_to_string(self.proc("smaps_rollup"))?;
        let rss = text.lines().find_map(|line| line.strip_prefix("Rss:")?.trim().strip_suffix(" kB")?.parse().ok());
        rss.context("the kernel does not say how much memory a process holds")
    }

    /// The time that it has had of its core so far, in seconds, in its own code and in the kernel.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let text = fs::read_to_string(self.proc("stat"))?;
        // After the name, which may hold anything.
        let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
        let ticks: Vec<u32> = fields.skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
        let per_second = u32::try_from(rustix::param::clock_ticks_per_second())?;
        Ok(f64::from(ticks.iter().sum::<u32>()) / f64::from(per_second))
    }

    fn proc(&self, file: &str) -> String {
        format!("/proc/{}/{file}", self.child.id())
    }

    /// Ends it without a word, as a power cut would.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, and then it said why.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
