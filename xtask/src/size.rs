//! What an app costs to load, against its budget.

use crate::build::{Order, Profile, build};
use crate::flags::Size;
use crate::{app, setup};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::Path;
use xshell::Shell;

/// Bytes on the wire, brotli, for everything that a first visit loads.
const BUDGET: u64 = 70_000;
/// By how much the sound in the page and the line to a gateway may make an app grow. The voice SDK's own file, which is loaded for it
/// later, is not counted.
const GROWTH: u64 = 12_000;
/// The app that has these.
const WITH_SOUND: &str = "softphone-twilio";
const VOICE_SDK: &str = "media-";

pub(crate) fn run(shell: &Shell, flags: &Size) -> Result<()> {
    if let Some(name) = &flags.app {
        let (total, has_sound) = weigh(shell, name)?;
        return within(name, total, if has_sound { BUDGET + GROWTH } else { BUDGET });
    }
    let (without, _) = weigh(shell, app::DEFAULT)?;
    within(app::DEFAULT, without, BUDGET)?;
    let (with, _) = weigh(shell, WITH_SOUND)?;
    within("what the sound adds", with.saturating_sub(without), GROWTH)
}

/// Builds an app, lists its files, and returns what they weigh, and whether a voice SDK comes later.
fn weigh(shell: &Shell, name: &str) -> Result<(u64, bool)> {
    let into = &setup::target_dir(shell).join("size");
    let folder = build(shell, &Order::new(name, Profile::Release, into))?;
    let mut files = compressed(&folder)?;
    files.extend(compressed(&folder.join("assets"))?);
    let (sdk, counted): (Vec<_>, Vec<_>) = files.into_iter().partition(|(name, _)| name.starts_with(VOICE_SDK));
    let total = counted.iter().map(|(_, bytes)| bytes).sum();
    for (name, bytes) in counted {
        crate::say(&format!("{bytes:>8}  {name}"));
    }
    for (name, bytes) in &sdk {
        crate::say(&format!("{bytes:>8}  {name}, later"));
    }
    Ok((total, !sdk.is_empty()))
}

fn within(what: &str, bytes: u64, budget: u64) -> Result<()> {
    crate::say(&format!("{bytes:>8}  of {budget} bytes, brotli: {what}"));
    ensure!(bytes <= budget, "{what} is {} bytes over its budget", bytes - budget);
    Ok(())
}

/// The brotli files of a folder and their sizes.
fn compressed(folder: &Path) -> Result<Vec<(String, u64)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        if let Some(name) = entry.file_name().to_string_lossy().strip_suffix(".br") {
            files.push((name.to_owned(), entry.metadata()?.len()));
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_may_be_spent_and_not_passed() {
        assert!(within("app", 10, 10).is_ok());
        assert_eq!(within("app", 12, 10).unwrap_err().to_string(), "app is 2 bytes over its budget");
    }

    #[test]
    fn only_what_is_sent_counts() {
        let folder = Shell::new().unwrap().create_temp_dir().unwrap();
        for name in ["b.br", "a.br", "a", "a.gz"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        assert_eq!(compressed(folder.path()).unwrap(), [("a".to_owned(), 4), ("b".to_owned(), 4)]);
    }
}
