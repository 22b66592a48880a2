//! A KDC of our own, in a temporary directory.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) const REALM: &str = "CRDB.TEST";

/// A running KDC. Dropping it, or the end of this process, ends it.
pub(crate) struct Realm {
    directory: tempfile::TempDir,
    port: u16,
    kdc: Child,
}

impl Realm {
    pub(crate) fn start() -> Self {
        for program in ["krb5kdc", "kdb5_util", "kadmin.local", "kinit", "setpriv"] {
            if find(program).is_none() {
                panic!(
                    "did not run: {program} is missing; install krb5-kdc, krb5-admin-server and krb5-user"
                );
            }
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().to_owned();
        // The PostgreSQL server runs as another user and reads its keytab from here.
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        write_client_configuration(&path.join("krb5.conf"), port, true);
        let shown = path.display();
        let kdc = format!(
            "[realms]\n{REALM} = {{\n database_name = {shown}/principal\n key_stash_file = {shown}/stash\n \
             acl_file = {shown}/acl\n kdc_listen = 127.0.0.1:{port}\n kdc_tcp_listen = 127.0.0.1:{port}\n \
             max_life = 1h\n}}\n[logging]\nkdc = FILE:{shown}/kdc.log\n"
        );
        std::fs::write(path.join("kdc.conf"), kdc).unwrap();
        run(tool("kdb5_util", &path).args(["create", "-s", "-r", REALM, "-P", "master"]));
        let kdc = tool("setpriv", &path)
            .args(["--pdeathsig", "KILL", "krb5kdc", "-n", "-r", REALM])
            .env("PATH", search_path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let realm = Self {
            directory,
            port,
            kdc,
        };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                start.elapsed() < Duration::from_secs(20),
                "the KDC does not start"
            );
            std::thread::yield_now();
        }
        realm.administer(
            "addprinc -randkey postgres/localhost\naddprinc -randkey +requires_preauth app\n\
             addprinc -randkey other\naddprinc -randkey stranger\n",
        );
        realm.keytab("server", "postgres/localhost");
        for principal in ["app", "other", "stranger"] {
            realm.keytab(principal, principal);
        }
        realm
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Runs commands of `kadmin.local`.
    pub(crate) fn administer(&self, commands: &str) {
        administer(self.path(), commands);
    }

    /// Writes NAME.keytab with a new key of the principal; older keytabs of it become stale.
    pub(crate) fn keytab(&self, name: &str, principal: &str) -> PathBuf {
        keytab(self.path(), name, principal)
    }

    /// This test program again, for one test of its own process, in which the Kerberos library
    /// finds this realm.
    pub(crate) fn run_here(&self, test: &str, configuration: &str, wrapper: &[String]) {
        let program = std::env::current_exe().unwrap();
        let mut words = wrapper.to_vec();
        words.push(program.display().to_string());
        let output = Command::new(&words[0])
            .args(&words[1..])
            .args(["--exact", test, "--nocapture"])
            .env("KRB5_CONFIG", self.path().join(configuration))
            .env("KRB5_KDC_PROFILE", self.path().join("kdc.conf"))
            .env(
                "KRB5CCNAME",
                format!("FILE:{}/default.cache", self.path().display()),
            )
            .env("KRB5RCACHENAME", "none:")
            .env("CRDB_AUTH_TEST_REALM", self.path())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && text.contains("1 passed"),
            "{test} failed:\n{text}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        // For whoever counts what was done.
        for line in text.lines().filter(|line| line.contains("row R")) {
            println!("{line}");
        }
    }

    /// A client configuration whose KDC does not answer.
    pub(crate) fn without_kdc(&self) -> &'static str {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        write_client_configuration(&self.path().join("dead.conf"), port, true);
        "dead.conf"
    }

    /// A client configuration that does not correct its clock by the KDC's.
    pub(crate) fn without_time_correction(&self) -> &'static str {
        write_client_configuration(&self.path().join("strict.conf"), self.port, false);
        "strict.conf"
    }
}

impl Drop for Realm {
    fn drop(&mut self) {
        drop(self.kdc.kill());
        drop(self.kdc.wait());
    }
}

fn write_client_configuration(path: &Path, port: u16, correct_time: bool) {
    let text = format!(
        "[libdefaults]\ndefault_realm = {REALM}\ndns_lookup_kdc = false\ndns_lookup_realm = false\n\
         rdns = false\ndns_canonicalize_hostname = false\nudp_preference_limit = 1\n\
         kdc_timesync = {}\n[realms]\n{REALM} = {{\n kdc = 127.0.0.1:{port}\n}}\n",
        u8::from(correct_time)
    );
    std::fs::write(path, text).unwrap();
}

/// The directory of the realm, in a test that [`Realm::run_here`] started.
pub(crate) fn directory() -> Option<PathBuf> {
    std::env::var_os("CRDB_AUTH_TEST_REALM").map(PathBuf::from)
}

pub(crate) fn administer(directory: &Path, commands: &str) {
    let mut child = tool("kadmin.local", directory)
        .args(["-r", REALM])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(commands.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

pub(crate) fn keytab(directory: &Path, name: &str, principal: &str) -> PathBuf {
    let path = directory.join(format!("{name}.keytab"));
    drop(std::fs::remove_file(&path));
    administer(
        directory,
        &format!("ktadd -k {} {principal}\n", path.display()),
    );
    let mode = if name == "server" { 0o644 } else { 0o600 };
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    path
}

/// `kinit` into a cache file.
pub(crate) fn kinit(directory: &Path, principal: &str, cache: &Path, life: &str) {
    run(tool("kinit", directory)
        .args(["-k", "-t"])
        .arg(directory.join(format!("{principal}.keytab")))
        .arg("-c")
        .arg(cache)
        .args(["-l", life, principal]));
}

fn tool(program: &str, directory: &Path) -> Command {
    let mut command = Command::new(find(program).unwrap());
    command
        .env("KRB5_CONFIG", directory.join("krb5.conf"))
        .env("KRB5_KDC_PROFILE", directory.join("kdc.conf"));
    command
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Debian keeps the KDC's programs where an ordinary `PATH` does not look.
fn search_path() -> std::ffi::OsString {
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/sbin:/sbin");
    path
}

pub(crate) fn find(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&search_path())
        .map(|directory| directory.join(program))
        .find(|path| path.is_file())
}
