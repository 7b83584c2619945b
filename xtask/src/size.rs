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
/// How much more an app over a gateway may be whose page carries the sound. The voice SDK's own file, which is loaded for it later, is not
/// counted.
const WITH_SOUND: u64 = 12_000;
const VOICE_SDK: &str = "media-";

pub(crate) fn run(shell: &Shell, flags: &Size) -> Result<()> {
    let name = flags.app.as_deref().unwrap_or(app::DEFAULT);
    let into = &setup::target_dir(shell).join("size");
    let folder = build(shell, &Order::new(name, Profile::Release, into))?;
    let mut files = compressed(&folder)?;
    files.extend(compressed(&folder.join("assets"))?);
    let (sdk, counted): (Vec<_>, Vec<_>) = files.into_iter().partition(|(name, _)| name.starts_with(VOICE_SDK));
    let budget = if sdk.is_empty() { BUDGET } else { BUDGET + WITH_SOUND };
    let total: u64 = counted.iter().map(|(_, bytes)| bytes).sum();
    for (name, bytes) in counted {
        crate::say(&format!("{bytes:>8}  {name}"));
    }
    crate::say(&format!("{total:>8}  of {budget} bytes, brotli"));
    for (name, bytes) in sdk {
        crate::say(&format!("{bytes:>8}  {name}, later"));
    }
    ensure!(total <= budget, "{name} is {} bytes over its budget", total - budget);
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
    fn only_what_is_sent_counts() {
        let folder = Shell::new().unwrap().create_temp_dir().unwrap();
        for name in ["b.br", "a.br", "a", "a.gz"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        assert_eq!(compressed(folder.path()).unwrap(), [("a".to_owned(), 4), ("b".to_owned(), 4)]);
    }
}
