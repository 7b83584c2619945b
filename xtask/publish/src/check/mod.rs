//! What must hold before users get a release. Each check has a name, and says what is wrong and what to do.

pub(crate) mod bundle;
pub(crate) mod configured;
pub(crate) mod frame;
pub(crate) mod handshake;
pub(crate) mod live;

use crate::say;
use anyhow::{Result, anyhow, bail};

/// What a check found.
pub(crate) struct Finding {
    check: &'static str,
    verdict: Verdict,
}

enum Verdict {
    Holds,
    NotTried(&'static str),
    /// What is wrong, and what to do.
    Fails(String),
}

impl Finding {
    pub(crate) const fn holds(check: &'static str) -> Self {
        Self { check, verdict: Verdict::Holds }
    }

    pub(crate) const fn not_tried(check: &'static str, why: &'static str) -> Self {
        Self { check, verdict: Verdict::NotTried(why) }
    }

    /// It holds if there is no problem.
    pub(crate) fn of(check: &'static str, problem: Option<String>) -> Self {
        Self { check, verdict: problem.map_or(Verdict::Holds, Verdict::Fails) }
    }
}

/// Tells all that was found before users get a release; an error if anything is wrong.
pub(crate) fn require(findings: &[Finding]) -> Result<()> {
    report(findings).map_err(|error| anyhow!("{error}; users have what they had"))
}

/// Tells all that was found; an error if anything is wrong.
pub(crate) fn report(findings: &[Finding]) -> Result<()> {
    let mut failed = Vec::new();
    for Finding { check, verdict } in findings {
        match verdict {
            Verdict::Holds => say(&format!("  ok      {check}")),
            Verdict::NotTried(why) => say(&format!("  -       {check}: not tried, {why}")),
            Verdict::Fails(problem) => {
                say(&format!("  FAILED  {check}: {problem}"));
                failed.push(*check);
            }
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    bail!("failed: {}", failed.join(", "))
}
