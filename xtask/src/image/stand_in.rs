//! An engine in a container, from this machine's PostgreSQL: no image can be fetched where there is no network.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::archive::Tree;
use super::closure;

/// The user of the engine; PostgreSQL does not run as root.
const USER: u32 = 65_534;

/// The service's user on the engine, and the database.
pub(super) const NAME: &str = "bank";

/// An archive for `docker import`, and a data directory to mount.
pub(super) struct StandIn {
    pub(super) archive: PathBuf,
    pub(super) data: PathBuf,
    pub(super) entrypoint: String,
    pub(super) user: String,
}

impl StandIn {
    /// Makes both in `directory`, with this password.
    ///
    /// # Errors
    /// When PostgreSQL's programs are missing, or `initdb` fails.
    pub(super) fn make(directory: &Path, password: &str) -> Result<Self> {
        let mut tree = Tree::default();
        let programs = add_server(&mut tree)?;
        let postgres = programs.join("postgres");
        tree.directory("tmp");
        tree.directory("data");
        let archive = directory.join("engine.tar");
        fs::write(&archive, tree.tar()?).context("writing the engine's archive")?;

        let data = directory.join("engine");
        fs::create_dir(&data).context("creating the engine's directory")?;
        chown(&data, Some(USER), Some(USER)).context("giving the engine its directory")?;
        let file = directory.join("engine-password");
        fs::write(&file, password).context("writing the engine's password")?;
        chown(&file, Some(USER), Some(USER)).context("giving the engine its password")?;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o400))?;
        let user = USER.to_string();
        let output = Command::new("setpriv")
            .args(["--reuid", &user, "--regid", &user, "--clear-groups"])
            .arg(programs.join("initdb"))
            .args([
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            ])
            .args(["--username", NAME, "--pwfile"])
            .arg(&file)
            .arg("--pgdata")
            .arg(&data)
            .current_dir("/")
            .output()
            .context("initdb could not be started")?;
        ensure!(
            output.status.success(),
            "initdb failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let rules = data.join("pg_hba.conf");
        let mut text = fs::read_to_string(&rules)?;
        text.push_str("host all all all scram-sha-256\n");
        fs::write(&rules, text)?;
        Ok(Self {
            archive,
            data,
            entrypoint: postgres.display().to_string(),
            user: format!("{USER}:{USER}"),
        })
    }
}

/// Adds the server with what it reads, under the paths of this machine; gives the directory of its programs.
///
/// # Errors
/// When PostgreSQL's programs are missing.
pub(super) fn add_server(tree: &mut Tree) -> Result<PathBuf> {
    let programs = programs()?;
    let postgres = programs.join("postgres");
    closure::add_file(tree, &postgres)?;
    closure::add(tree, &postgres)?;
    let libraries = configured(&programs, "--pkglibdir")?;
    for name in ["plpgsql.so", "dict_snowball.so"] {
        closure::add_file(tree, &libraries.join(name))?;
    }
    let share = share(&programs)?;
    for name in ["timezonesets", "tsearch_data", "extension"] {
        closure::add_directory(tree, &share.join(name))?;
    }
    closure::add_directory(tree, Path::new("/usr/share/zoneinfo/Etc"))?;
    Ok(programs)
}

/// Where the server's files lie that `initdb` reads.
pub(super) fn share(programs: &Path) -> Result<PathBuf> {
    configured(programs, "--sharedir")
}

fn configured(programs: &Path, what: &str) -> Result<PathBuf> {
    let output = Command::new(programs.join("pg_config")).arg(what).output();
    match output {
        Ok(output) if output.status.success() => {
            Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
        }
        // Debian has pg_config in another package; its layout is known.
        _ => debian(programs, what),
    }
}

/// The directory of the newest server's programs.
fn programs() -> Result<PathBuf> {
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut found: Vec<PathBuf> = debian
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|path| path.join("postgres").is_file())
        .collect();
    found.sort();
    let usual = PathBuf::from("/usr/bin");
    found
        .pop()
        .or_else(|| usual.join("postgres").is_file().then_some(usual))
        .context("PostgreSQL's server is missing; run `cargo xtask setup`")
}

fn debian(programs: &Path, what: &str) -> Result<PathBuf> {
    let home = programs
        .parent()
        .context("the programs have no directory")?;
    let version = home.file_name().context("the directory has no name")?;
    Ok(match what {
        "--sharedir" => Path::new("/usr/share/postgresql").join(version),
        _ => home.join("lib"),
    })
}
