//! What was typed before: in a file of its user's alone, without secrets.

use std::env;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use rustyline::history::FileHistory;
use rustyline::{Editor, Helper};

use super::input::may_hold_secret;
use crate::terminal;

/// The history, if one is kept.
pub(super) struct History {
    file: Option<PathBuf>,
}

impl History {
    /// In `$XDG_STATE_HOME/crdb/history`, else `~/.local/state/crdb/history`.
    pub(super) fn of(is_off: bool) -> Self {
        let state = env::var_os("XDG_STATE_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".local/state")));
        Self {
            file: state
                .filter(|_| !is_off)
                .map(|state| state.join("crdb").join("history")),
        }
    }

    /// Reads what was typed before. What cannot be read or kept is said once.
    pub(super) fn load<H: Helper>(&self, editor: &mut Editor<H, FileHistory>) {
        let Some(file) = &self.file else { return };
        let loaded = make(file).and_then(|()| Ok(editor.load_history(file)?));
        if let Err(error) = loaded {
            terminal::note(&format!("no history is kept: {error:#}"));
        }
    }

    /// Keeps what was typed, unless it may hold a secret.
    pub(super) fn add<H: Helper>(&self, editor: &mut Editor<H, FileHistory>, input: &str) {
        if may_hold_secret(input) {
            return;
        }
        // It can be recalled in this shell even where no file keeps it.
        let added = editor.add_history_entry(input);
        if let (Ok(true), Some(file)) = (added, &self.file) {
            drop(editor.append_history(file));
        }
    }
}

/// Makes the file where it is missing, and takes it from others where it is not.
fn make(file: &PathBuf) -> Result<()> {
    let what = || format!("making {}", file.display());
    if let Some(directory) = file.parent() {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .with_context(what)?;
    }
    let opened = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(file)
        .with_context(what)?;
    opened
        .set_permissions(fs::Permissions::from_mode(0o600))
        .with_context(what)
}
