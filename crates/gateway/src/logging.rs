//! What is logged: our own messages, and of other libraries only warnings, because their details hold what people said.

use cordboard_gateway::config::{Log, LogFormat};
use std::io::{self, Write};
use tracing_subscriber::EnvFilter;

const OURS: [&str; 5] =
    ["cordboard_gateway", "cordboard_bridge", "cordboard_twilio", "cordboard_vonage", "cordboard_mock"];

pub(crate) fn start(log: &Log) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let filter: EnvFilter = directives(&log.filter).parse()?;
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| Stderr);
    match log.format {
        LogFormat::Text => subscriber.try_init(),
        LogFormat::Json => subscriber.json().try_init(),
    }
    .map_err(|error| error.to_string().into())
}

/// The standard error, as long as somebody reads it. When nobody does any more, calls go on without a log: the error would be
/// printed by a macro that panics if it can't.
struct Stderr;

impl Write for Stderr {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let _ = io::stderr().write_all(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The filter as configured, without what would say more of others than warnings.
fn directives(configured: &str) -> String {
    let mut directives = vec!["warn".to_owned()];
    for directive in configured.split(',').map(str::trim).filter(|directive| !directive.is_empty()) {
        let is_level = !directive.contains(['=', '[', ':']) && directive.parse::<tracing::Level>().is_ok();
        if directive.eq_ignore_ascii_case("off") || directive.eq_ignore_ascii_case("error") {
            directives.push(directive.to_owned());
        } else if is_level {
            directives.extend(OURS.map(|ours| format!("{ours}={directive}")));
        } else if OURS.iter().any(|ours| directive.starts_with(ours)) {
            directives.push(directive.to_owned());
        }
    }
    directives.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_heard_when_they_warn() {
        let ours = "cordboard_gateway=debug,cordboard_bridge=debug,cordboard_twilio=debug,cordboard_vonage=debug,cordboard_mock=debug";
        assert_eq!(directives("debug"), format!("warn,{ours}"));
        assert_eq!(directives("cordboard_gateway=trace, hyper=trace"), "warn,cordboard_gateway=trace");
        assert_eq!(directives("trace,sqlx=trace").matches("sqlx").count(), 0);
        assert_eq!(directives("error"), "warn,error");
    }
}
