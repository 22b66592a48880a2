//! Installing Debian packages without starting what they bring.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::requirement::{Requirement, program};

/// How this user may install packages without being asked anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authority {
    /// This is root.
    Root,
    /// sudo asks for no password.
    Sudo,
}

impl Authority {
    /// What this user may do; nothing where there is no apt.
    pub(crate) fn here() -> Option<Self> {
        program("apt-get")?;
        let user = Command::new("id").arg("-u").output().ok()?;
        if user.stdout.trim_ascii() == b"0" {
            return Some(Self::Root);
        }
        let sudo = Command::new("sudo")
            .args(["-n", "true"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .ok()?;
        sudo.success().then_some(Self::Sudo)
    }
}

/// Installs packages. Debian's packages would create a database cluster and start daemons; while this runs, a
/// `policy-rc.d` forbids the daemons and a snippet of postgresql-common's configuration the cluster. Both are gone
/// afterwards, also after an interruption; a `policy-rc.d` that was there before stays as it was.
const SCRIPT: &str = r#"
set -eu
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
cluster=/etc/postgresql-common/createcluster.d/zz-no-main-cluster.conf
ours=
restore() {
    if [ -n "$ours" ]; then rm -f "$policy"; fi
    rm -f "$cluster"
}
trap restore EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    ours=yes
    chmod 755 "$policy"
fi

updated=
update() { apt-get -qq update; updated=yes; }
install() {
    apt-get -qq -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 install -y --no-install-recommends "$@" > "$log" 2>&1
}
log=$(mktemp)
trap 'restore; rm -f "$log"' EXIT
# Lists that are absent or older than a day name packages that may be gone from the archive.
if [ -z "$(find /var/lib/apt/lists -name '*Packages*' -mtime -1 2> /dev/null | head -n 1)" ]; then update; fi
try() {
    if install "$@"; then return 0; fi
    if [ -z "$updated" ]; then update; if install "$@"; then return 0; fi; fi
    cat "$log" >&2
    return 1
}
case " $* " in
*' postgresql '*)
    try postgresql-common
    mkdir -p "${cluster%/*}"
    echo 'create_main_cluster = false' > "$cluster"
    ;;
esac
try "$@"
"#;

/// Runs the script above with the packages.
///
/// # Errors
/// When apt fails, after it has said why.
pub(crate) fn install(authority: Authority, packages: &[&str]) -> Result<()> {
    let mut command = match authority {
        Authority::Root => Command::new("sh"),
        Authority::Sudo => {
            let mut command = Command::new("sudo");
            command.args(["-n", "sh"]);
            command
        }
    };
    let status = command
        .args(["-c", SCRIPT, "setup"])
        .args(packages)
        .stdin(Stdio::null())
        .status()
        .context("the installation could not be started")?;
    if !status.success() {
        bail!(
            "apt-get could not install {} ({status}); its words are above",
            packages.join(" ")
        );
    }
    Ok(())
}

/// The command for an administrator, where this user may not install packages.
pub(crate) fn by_hand(missing: &[&Requirement]) -> String {
    let all = |packages: fn(&Requirement) -> &[&str]| {
        let packages: Vec<_> = missing
            .iter()
            .flat_map(|requirement| packages(requirement))
            .copied()
            .collect();
        packages.join(" ")
    };
    if program("apt-get").is_some() {
        format!(
            "sudo apt-get update && sudo DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends {}",
            all(|requirement| requirement.debian)
        )
    } else if program("dnf").is_some() {
        format!(
            "sudo dnf install -y {}",
            all(|requirement| requirement.fedora)
        )
    } else {
        format!(
            "(no package manager is known here; Debian calls them {})",
            all(|requirement| requirement.debian)
        )
    }
}
