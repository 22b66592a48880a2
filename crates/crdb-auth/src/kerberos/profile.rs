//! Where the KDCs of a realm are, as far as `krb5.conf` says, for messages only: the library looks by itself.

use std::fmt;
use std::path::{Path, PathBuf};

/// How deep files may include others.
const MAX_DEPTH: usize = 4;

/// The port of a KDC that names none (RFC 4120, 7.2.3).
const PORT: u16 = 88;

/// Where one KDC listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KdcAddress {
    pub(super) host: String,
    pub(super) port: u16,
}

impl fmt::Display for KdcAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl KdcAddress {
    /// `host`, `host:port`, `[address]:port`, each with `tcp/` or `udp/` in front; no proxies (`https://`).
    fn parse(text: &str) -> Option<Self> {
        if text.contains("://") {
            return None;
        }
        let text = text.rsplit('/').next()?;
        let (host, port) = match text.strip_prefix('[') {
            Some(text) => {
                let (host, rest) = text.split_once(']')?;
                (host, rest.strip_prefix(':'))
            }
            None => match text.split_once(':') {
                // More than one colon is an address without a port.
                Some((host, port)) if !port.contains(':') => (host, Some(port)),
                _ => (text, None),
            },
        };
        let port = port.map_or(Some(PORT), |port| port.parse().ok())?;
        (!host.is_empty()).then(|| Self {
            host: host.to_owned(),
            port,
        })
    }
}

/// What is read of `krb5.conf`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Profile {
    default_realm: Option<String>,
    kdcs: Vec<(String, KdcAddress)>,
}

impl Profile {
    /// Reads the files that the library reads: those of `KRB5_CONFIG`, else `/etc/krb5.conf`. What cannot be read is left
    /// out. Blocking.
    pub(super) fn load() -> Self {
        let mut profile = Self::default();
        match std::env::var_os("KRB5_CONFIG") {
            Some(paths) => {
                for path in std::env::split_paths(&paths) {
                    profile.read(&path, MAX_DEPTH);
                }
            }
            None => profile.read(Path::new("/etc/krb5.conf"), MAX_DEPTH),
        }
        profile
    }

    pub(super) fn default_realm(&self) -> Option<&str> {
        self.default_realm.as_deref()
    }

    /// The KDCs that are written down for the realm, in the order in which they are asked; none when DNS names them.
    pub(super) fn kdcs(&self, realm: &str) -> Vec<KdcAddress> {
        self.kdcs
            .iter()
            .filter(|(of, _)| of == realm)
            .map(|(_, address)| address.clone())
            .collect()
    }

    fn read(&mut self, path: &Path, depth: usize) {
        let Ok(text) = std::fs::read_to_string(path) else {
            return;
        };
        let mut included = Vec::new();
        self.parse(&text, &mut included);
        if depth > 0 {
            for path in included {
                self.read(&path, depth - 1);
            }
        }
    }

    /// Takes what matters out of one file, and which others it includes.
    fn parse(&mut self, text: &str, included: &mut Vec<PathBuf>) {
        let mut section = "";
        let mut realm = None;
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(path) = line.strip_prefix("include ") {
                included.push(PathBuf::from(path.trim()));
            } else if let Some(path) = line.strip_prefix("includedir ") {
                included.extend(files_of(Path::new(path.trim())));
            } else if let Some(name) = line.strip_prefix('[') {
                section = name.split(']').next().unwrap_or_default();
                realm = None;
            } else if line.starts_with('}') {
                realm = None;
            } else if let Some((key, value)) = line.split_once('=') {
                let (key, value) = (key.trim(), value.trim().trim_matches('"'));
                match (section, key, realm) {
                    ("libdefaults", "default_realm", _) => {
                        self.default_realm.get_or_insert_with(|| value.to_owned());
                    }
                    ("realms", name, None) if value.starts_with('{') => realm = Some(name),
                    ("realms", "kdc", Some(realm)) => {
                        let address = KdcAddress::parse(value);
                        self.kdcs
                            .extend(address.map(|address| (realm.to_owned(), address)));
                    }
                    _ => {}
                }
            }
        }
    }
}

/// The files that `includedir` takes: named in letters, digits, `-` and `_`, or ending in `.conf`.
fn files_of(directory: &Path) -> Vec<PathBuf> {
    let is_taken = |name: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        !name.starts_with('.') && (name.ends_with(".conf") || name.chars().all(plain))
    };
    let Ok(entries) = std::fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(is_taken))
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "# a comment\n[libdefaults]\n default_realm = A.TEST\n rdns = false\n\n[realms]\n\
        A.TEST = {\n  kdc = one.a.test\n  kdc = tcp/two.a.test:1088\n  admin_server = x\n }\n\
        B.TEST = {\n kdc = [::1]:89\n kdc = https://proxy/\n}\n[domain_realm]\n kdc = nonsense\n";

    fn parsed(text: &str) -> Profile {
        let mut profile = Profile::default();
        profile.parse(text, &mut Vec::new());
        profile
    }

    #[test]
    fn the_kdcs_of_each_realm() {
        let profile = parsed(TEXT);
        let of = |realm: &str| -> Vec<String> {
            profile
                .kdcs(realm)
                .iter()
                .map(ToString::to_string)
                .collect()
        };
        assert_eq!(profile.default_realm(), Some("A.TEST"));
        assert_eq!(of("A.TEST"), ["one.a.test:88", "two.a.test:1088"]);
        assert_eq!(of("B.TEST"), ["[::1]:89"]);
        assert!(of("C.TEST").is_empty());
    }

    #[test]
    fn included_files_are_read_and_cycles_end() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        std::fs::create_dir(path("d")).unwrap();
        std::fs::write(path("d/realms.conf"), "[realms]\nR = {\nkdc = k\n}\n").unwrap();
        std::fs::write(path("d/left~out"), "[libdefaults]\ndefault_realm = X\n").unwrap();
        let main = format!(
            "include {}\nincludedir {}\n[libdefaults]\ndefault_realm = R\n",
            path("main").display(),
            path("d").display()
        );
        std::fs::write(path("main"), main).unwrap();
        let mut profile = Profile::default();
        profile.read(&path("main"), MAX_DEPTH);
        assert_eq!(profile.default_realm(), Some("R"));
        assert_eq!(profile.kdcs("R")[0].to_string(), "k:88");
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "[\\[\\]{}=#a-z0-9:/. \n]{0,80}") {
            drop(parsed(&text));
            drop(KdcAddress::parse(&text));
        }
    }
}
