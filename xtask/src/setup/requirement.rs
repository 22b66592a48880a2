//! What has to be on the machine, and how one sees that it is.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Something that cargo cannot install.
#[derive(Debug)]
pub(crate) struct Requirement {
    /// What it is called here.
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) purpose: &'static str,
    /// Debian's packages that bring it.
    pub(crate) debian: &'static [&'static str],
    /// Fedora's packages that bring it.
    pub(crate) fedora: &'static [&'static str],
    /// All of these have to be found.
    needs: &'static [Need],
}

/// One thing that can be looked for.
#[derive(Debug)]
enum Need {
    /// A program, on PATH or in the directories where servers' programs lie.
    Program(&'static str),
    /// A header in one of the compiler's usual directories.
    Header(&'static str),
    /// A shared library whose file name begins like this.
    Library(&'static str),
    /// A file at its one place.
    File(&'static str),
}

/// What headers and libclang are for.
pub(crate) const KERBEROS_BUILDS: &str = "building crdb-auth with GSSAPI";

/// Everything that builds and tests use beyond the Rust toolchain.
pub(crate) const REQUIREMENTS: &[Requirement] = &[
    Requirement {
        name: "PostgreSQL's server",
        purpose: "the engine of the tests and of the demo where there is no CockroachDB",
        debian: &["postgresql"],
        fedora: &["postgresql-server", "postgresql-contrib"],
        needs: &[
            Need::Program("initdb"),
            Need::Program("postgres"),
            Need::Program("pgbench"),
            Need::Program("psql"),
        ],
    },
    Requirement {
        name: "a Kerberos KDC",
        purpose: "the tests of the GSSAPI login",
        debian: &["krb5-kdc", "krb5-admin-server"],
        fedora: &["krb5-server"],
        needs: &[
            Need::Program("krb5kdc"),
            Need::Program("kdb5_util"),
            Need::Program("kadmin.local"),
        ],
    },
    Requirement {
        name: "Kerberos' user programs",
        purpose: "the tests of the GSSAPI login",
        debian: &["krb5-user"],
        fedora: &["krb5-workstation"],
        needs: &[Need::Program("kinit"), Need::Program("klist")],
    },
    Requirement {
        name: "Kerberos' headers",
        purpose: KERBEROS_BUILDS,
        debian: &["libkrb5-dev"],
        fedora: &["krb5-devel"],
        needs: &[Need::Header("gssapi/gssapi_krb5.h")],
    },
    Requirement {
        name: "libclang",
        purpose: KERBEROS_BUILDS,
        debian: &["libclang-dev"],
        fedora: &["clang-devel"],
        needs: &[Need::Library("libclang")],
    },
    Requirement {
        name: "a C++ compiler",
        purpose: "libFuzzer, of the fuzz targets",
        debian: &["g++"],
        fedora: &["gcc-c++"],
        needs: &[Need::Program("c++")],
    },
    Requirement {
        name: "faketime",
        purpose: "the tests of skewed clocks",
        debian: &["faketime"],
        fedora: &["libfaketime"],
        needs: &[Need::Program("faketime")],
    },
];

/// What running the container image needs on top.
pub(crate) const FOR_IMAGES: &[Requirement] = &[Requirement {
    name: "Docker's engine",
    purpose: "running the container image",
    debian: &["docker.io", "iptables"],
    fedora: &["moby-engine", "iptables"],
    needs: &[
        Need::Program("dockerd"),
        Need::Program("docker"),
        Need::Program("iptables"),
    ],
}];

/// What running the compose file needs on top of the image and of Prometheus.
pub(crate) const FOR_COMPOSE: &[Requirement] = &[
    Requirement {
        name: "Prometheus' prober",
        purpose: "running the compose file",
        debian: &["prometheus-blackbox-exporter"],
        fedora: &["golang-github-prometheus-blackbox-exporter"],
        needs: &[Need::Program("prometheus-blackbox-exporter")],
    },
    Requirement {
        name: "BusyBox",
        purpose: "the shell in a stand-in for an image of the compose file",
        debian: &["busybox-static"],
        fedora: &["busybox"],
        needs: &[Need::Program("busybox")],
    },
    Requirement {
        name: "networks of their own",
        purpose: "running the compose file, whose ports may be taken",
        debian: &["iproute2", "util-linux"],
        fedora: &["iproute", "util-linux"],
        needs: &[Need::Program("ip"), Need::Program("unshare")],
    },
    Requirement {
        name: "Python with venv",
        purpose: "fetching Docker's compose, where it is not a plugin here",
        debian: &["python3-venv"],
        fedora: &["python3"],
        needs: &[Need::Program("python3")],
    },
];

/// What the benchmarks need on top, for JDBC from Python.
pub(crate) const FOR_BENCHMARKS: &[Requirement] = &[
    Requirement {
        name: "Java",
        purpose: "the row P0 of the benchmarks",
        debian: &["default-jre-headless"],
        fedora: &["java-latest-openjdk-headless"],
        needs: &[Need::Program("java")],
    },
    Requirement {
        name: "PostgreSQL's JDBC driver",
        purpose: "the row P0 of the benchmarks",
        debian: &["libpostgresql-jdbc-java"],
        fedora: &["postgresql-jdbc"],
        needs: &[Need::File("/usr/share/java/postgresql.jar")],
    },
    Requirement {
        name: "Python with venv",
        purpose: "the row P0 of the benchmarks",
        debian: &["python3-venv"],
        fedora: &["python3"],
        needs: &[Need::Program("python3")],
    },
];

/// What the row about the shipped alerts needs on top.
pub(crate) const FOR_ALERTS: &[Requirement] = &[Requirement {
    name: "Prometheus",
    purpose: "the row R20 of the chaos harness",
    debian: &["prometheus"],
    fedora: &["golang-github-prometheus"],
    needs: &[Need::Program("prometheus"), Need::Program("promtool")],
}];

impl Requirement {
    /// Where it was found, or the first thing that was not.
    ///
    /// # Errors
    /// When something is missing: what.
    pub(crate) fn find(&self) -> Result<String, String> {
        let mut first = None;
        for need in self.needs {
            let place = need.find()?;
            first.get_or_insert(place);
        }
        Ok(first.map_or_else(String::new, |place| place.display().to_string()))
    }
}

impl Need {
    fn find(&self) -> Result<PathBuf, String> {
        match self {
            Self::Program(name) => program(name)
                .ok_or_else(|| format!("no program {name} on PATH or beside the servers")),
            Self::Header(name) => include_directories()
                .into_iter()
                .map(|directory| directory.join(name))
                .find(|path| path.is_file())
                .ok_or_else(|| format!("no header {name}")),
            Self::File(path) => Some(PathBuf::from(path))
                .filter(|path| path.is_file())
                .ok_or_else(|| format!("no {path}")),
            Self::Library(prefix) => {
                library(prefix).ok_or_else(|| format!("no library {prefix}.so"))
            }
        }
    }
}

/// Finds a program on PATH, then where Debian, Fedora and Homebrew put servers' programs.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut directories: Vec<PathBuf> = env::split_paths(&path).collect();
    directories.extend(
        [
            "/usr/sbin",
            "/sbin",
            "/bin",
            "/usr/local/sbin",
            "/usr/local/bin",
            "/usr/local/pgsql/bin",
            "/opt/homebrew/opt/postgresql/bin",
        ]
        .map(PathBuf::from),
    );
    directories.extend(
        children("/usr/lib/postgresql")
            .chain(children("/opt/homebrew/Cellar/postgresql"))
            .map(|version| version.join("bin")),
    );
    directories.extend(children("/usr").filter(|path| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("pgsql-"))
    }));
    directories
        .into_iter()
        .map(|directory| directory.join(name))
        .find(|path| path.is_file())
}

fn include_directories() -> Vec<PathBuf> {
    let mut directories = vec![
        PathBuf::from("/usr/include"),
        PathBuf::from("/usr/local/include"),
    ];
    directories.extend(children("/usr/include"));
    directories
}

fn library(prefix: &str) -> Option<PathBuf> {
    let mut directories: Vec<PathBuf> = env::var_os("LIBCLANG_PATH")
        .map(PathBuf::from)
        .into_iter()
        .collect();
    directories.extend(["/usr/lib", "/usr/lib64", "/usr/local/lib"].map(PathBuf::from));
    directories.extend(children("/usr/lib").flat_map(|path| [path.join("lib"), path]));
    directories.into_iter().find_map(|directory| {
        children(&directory).find(|path| {
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            name.is_some_and(|name| {
                name.strip_prefix(prefix)
                    .is_some_and(|rest| rest.contains(".so") && !rest.starts_with("-cpp"))
            })
        })
    })
}

/// What lies in a directory, newest version first; nothing where there is no directory.
fn children(directory: impl AsRef<Path>) -> impl Iterator<Item = PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(directory)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    paths.into_iter().rev()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_found_and_what_is_not_is_named() {
        assert!(program("sh").is_some());
        let absent = Requirement {
            name: "a thing",
            purpose: "a test",
            debian: &[],
            fedora: &[],
            needs: &[
                Need::Program("sh"),
                Need::Program("no-such-program-anywhere"),
            ],
        };
        let error = absent.find().unwrap_err();
        assert!(error.contains("no-such-program-anywhere"), "{error}");
    }
}
