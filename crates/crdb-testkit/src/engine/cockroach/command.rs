//! The command lines of the `cockroach` program. Pure, but for asking the program which flags it knows.

use std::ffi::OsString;
use std::path::Path;
use std::time::Instant;

use crate::error::{Error, ErrorKind};
use crate::process::{Keeper, Program, Supervised};

/// Where a node keeps its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Store {
    /// In memory: quick, and gone with the process.
    Memory,
    /// In the engine's directory: a node that was killed comes back as itself.
    Disk,
}

/// One node of a server or a cluster.
#[derive(Clone, Copy, Debug)]
pub(super) struct NodePlan<'a> {
    /// Holds the certificates, the logs and the stores.
    pub(super) directory: &'a Path,
    /// From 1.
    pub(super) number: usize,
    pub(super) port: u16,
    pub(super) store: Store,
    /// The addresses of all nodes of a cluster; none for a server of one node.
    pub(super) join: Option<&'a str>,
}

impl NodePlan<'_> {
    /// The command line, without the flags that this release does not know.
    pub(super) fn arguments(&self, unknown: &[String]) -> Vec<OsString> {
        let directory = self.directory.display();
        let store = match self.store {
            // CockroachDB wants at least 640 MiB for a store; it is a ceiling, not an allocation.
            Store::Memory => "--store=type=mem,size=1GiB".to_owned(),
            Store::Disk => format!("--store={directory}/store{}", self.number),
        };
        let mut arguments = vec![
            if self.join.is_some() {
                "start"
            } else {
                "start-single-node"
            }
            .to_owned(),
            format!("--certs-dir={directory}"),
            store,
            "--cache=64MiB".to_owned(),
            "--max-sql-memory=256MiB".to_owned(),
            format!("--listen-addr=127.0.0.1:{}", self.port),
            "--http-addr=127.0.0.1:0".to_owned(),
            "--accept-sql-without-tls".to_owned(),
            // Since v21.1.
            format!(
                "--log={{file-defaults: {{dir: '{directory}/logs{}'}}, sinks: {{stderr: {{channels: all, filter: ERROR}}}}}}",
                self.number
            ),
        ];
        if let Some(join) = self.join {
            arguments.push(format!("--join={join}"));
            arguments.push(format!("--locality=region=region{}", self.number));
        }
        arguments.retain(|argument| {
            let flag = argument.split('=').next().unwrap_or_default();
            !unknown.iter().any(|unknown| unknown == flag)
        });
        arguments.into_iter().map(OsString::from).collect()
    }
}

/// What `cockroach init` of a cluster is called with.
pub(super) fn init_arguments(directory: &Path, port: u16) -> Vec<OsString> {
    vec![
        "init".into(),
        format!("--certs-dir={}", directory.display()).into(),
        format!("--host=127.0.0.1:{port}").into(),
    ]
}

/// The program with these arguments, in an environment in which it reports nothing to its maker.
pub(super) fn program(binary: &Path, arguments: Vec<OsString>) -> Program {
    Program {
        path: binary.to_owned(),
        arguments,
        environment: vec![(
            "COCKROACH_SKIP_ENABLING_DIAGNOSTIC_REPORTING".into(),
            "true".into(),
        )],
        account: None,
        stop_signal: "KILL",
    }
}

/// The flags of `plan` that this release does not know. Each release has flags of its own, and builds from source need not
/// say which release they are; so the program reads the command line itself, and shows its help instead of starting.
pub(super) fn unknown_flags(
    keeper: &Keeper,
    binary: &Path,
    plan: NodePlan<'_>,
    deadline: Instant,
) -> Result<Vec<String>, Error> {
    let mut unknown = Vec::new();
    loop {
        let mut arguments = plan.arguments(&unknown);
        arguments.push("--help".into());
        let asked = Supervised::start(keeper, &program(binary, arguments))?;
        asked.wait_for_end(deadline)?;
        match asked.log().lines().find_map(unknown_flag) {
            None => return Ok(unknown),
            Some(flag) if unknown.iter().any(|known| known == flag) => {
                let message = format!("{} does not know {flag}", binary.display());
                return Err(Error::new(ErrorKind::Start, message));
            }
            Some(flag) => unknown.push(flag.to_owned()),
        }
    }
}

/// The flag that `ERROR: unknown flag: --log` complains of.
fn unknown_flag(line: &str) -> Option<&str> {
    let (_, flag) = line.split_once("unknown flag: ")?;
    flag.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(store: Store, join: Option<&str>) -> NodePlan<'_> {
        NodePlan {
            directory: Path::new("/tmp/d"),
            number: 2,
            port: 26257,
            store,
            join,
        }
    }

    fn text(arguments: &[OsString]) -> Vec<&str> {
        arguments.iter().filter_map(|text| text.to_str()).collect()
    }

    #[test]
    fn a_single_node_is_in_memory_and_a_node_of_a_cluster_is_not() {
        let single = plan(Store::Memory, None).arguments(&[]);
        let single = text(&single);
        assert_eq!(single[0], "start-single-node");
        assert!(single.contains(&"--store=type=mem,size=1GiB"), "{single:?}");
        assert!(
            single.contains(&"--listen-addr=127.0.0.1:26257"),
            "{single:?}"
        );
        assert!(!single.iter().any(|text| text.starts_with("--join")));

        let member = plan(Store::Disk, Some("127.0.0.1:1,127.0.0.1:2")).arguments(&[]);
        let member = text(&member);
        assert_eq!(member[0], "start");
        for expected in [
            "--store=/tmp/d/store2",
            "--join=127.0.0.1:1,127.0.0.1:2",
            "--locality=region=region2",
        ] {
            assert!(member.contains(&expected), "{member:?}");
        }
    }

    #[test]
    fn flags_that_a_release_lacks_are_left_out() {
        let all = plan(Store::Memory, None).arguments(&[]);
        let lacks = ["--log".to_owned(), "--accept-sql-without-tls".to_owned()];
        let fewer = plan(Store::Memory, None).arguments(&lacks);
        assert_eq!(fewer.len(), all.len() - 2);
        assert!(!text(&fewer).iter().any(|text| text.starts_with("--log")));
    }

    #[test]
    fn an_unknown_flag_is_read_from_the_complaint() {
        for (line, flag) in [
            ("Error: unknown flag: --log", Some("--log")),
            ("ERROR: unknown flag: --log ", Some("--log")),
            ("      --log string   the configuration", None),
            ("unknown flag: ", None),
        ] {
            assert_eq!(unknown_flag(line), flag, "{line}");
        }
    }

    /// A program that reads its command line as releases before v21.1 do, and starts nothing.
    const OLD: &str = "#!/bin/sh
for argument; do
    case $argument in
        --log=*) echo 'Error: unknown flag: --log' >&2; exit 1;;
        --accept-sql-without-tls) echo 'Error: unknown flag: --accept-sql-without-tls' >&2; exit 1;;
        --help) help=yes;;
    esac
done
test \"$help\" && echo 'Flags:' && exit 0
echo 'started for real' >&2
exit 2
";

    #[test]
    fn the_program_is_asked_which_flags_it_knows() {
        let keeper = Keeper::new("flags", None).unwrap();
        let binary = keeper.directory().join("cockroach");
        // By another process: a file that is open for writing, if only in a child that another test is about to start, cannot
        // be run.
        let write = r#"printf %s "$1" >"$2" && chmod 755 "$2""#;
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", write, "write", OLD]).arg(&binary);
        assert!(shell.status().unwrap().success());
        let deadline = Instant::now() + std::time::Duration::from_secs(10);
        let unknown = unknown_flags(&keeper, &binary, plan(Store::Memory, None), deadline).unwrap();
        assert_eq!(unknown, ["--accept-sql-without-tls", "--log"]);
    }
}
