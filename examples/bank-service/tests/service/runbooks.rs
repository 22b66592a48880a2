//! The runbooks of tasks and of the service's own alerts: their commands run against the service and its database.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::api::no_tables;
use crate::replica::{LIMIT, Replica, request};

/// The pages whose commands run here. The pages of the toolkit's alerts run beside these alerts' faults.
fn pages() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/runbooks");
    let mut pages: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.ends_with(".md") && !name.starts_with("Crdb") && name != "README.md"
        })
        .collect();
    pages.sort();
    pages
}

/// The blocks marked `sh`, each with its line. A block in a list is indented.
fn blocks(page: &str) -> Vec<(usize, String)> {
    let mut blocks: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (number, line) in (1..).zip(page.lines()) {
        match line.trim_start().strip_prefix("```") {
            Some("sh") => {
                open = true;
                blocks.push((number, String::new()));
            }
            Some(_) => open = false,
            None => {
                if let (true, Some((_, block))) = (open, blocks.last_mut()) {
                    block.push_str(line);
                    block.push('\n');
                }
            }
        }
    }
    blocks
}

/// The URL with one more node, on which nothing listens.
fn with_a_lost_node(url: &str) -> String {
    let lost = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let lost = lost.local_addr().unwrap();
    let (scheme, rest) = url.split_once("://").unwrap();
    let path = rest.find('/').unwrap();
    format!("{scheme}://{},{lost}{}", &rest[..path], &rest[path..])
}

/// Waits until the service has seen that the node is lost.
async fn until_seen(replica: &Replica) {
    let seen = async {
        loop {
            let metrics = request(replica.endpoint(), "GET", "/metrics", None, "").await;
            let (_, metrics) = metrics.unwrap();
            let mut nodes = metrics
                .lines()
                .filter(|line| line.starts_with("crdb_pool_node_in_rotation"));
            if nodes.any(|node| node.ends_with(" 0")) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let seen = tokio::time::timeout(LIMIT, seen).await;
    assert!(seen.is_ok(), "{}", replica.log());
}

#[crdb_testkit::test(migrate = no_tables, imitate = "v25.2")]
async fn the_commands_of_the_runbooks_run(url: String) {
    let directory = tempfile::tempdir().unwrap();
    let settings = format!(
        "listen: 127.0.0.1:1\ndatabase:\n  auth: {{ url: '{}' }}\n  observe: {{ endpoint: {{ listen: '127.0.0.1:0' }} }}\n",
        with_a_lost_node(&url)
    );
    let replica = Replica::start(directory.path(), &settings, &[]).await;
    replica.until_ready(204).await;
    // So that there is something to look at.
    request(replica.address, "GET", "/accounts", None, "")
        .await
        .unwrap();
    until_seen(&replica).await;

    let program = Path::new(env!("CARGO_BIN_EXE_bank-service"))
        .parent()
        .unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let variables = [
        ("PATH", path),
        ("SERVICE", format!("http://{}", replica.address)),
        ("METRICS", format!("http://{}", replica.endpoint())),
        ("DATABASE_URL", url.clone()),
        (
            "CONFIGURATION",
            directory.path().join("bank.yaml").display().to_string(),
        ),
    ];
    let mut run = 0;
    for page in pages() {
        let blocks = blocks(&fs::read_to_string(&page).unwrap());
        assert!(!blocks.is_empty(), "{} has no commands", page.display());
        for (line, block) in blocks {
            let mut command = Command::new("bash");
            command
                .args(["-euo", "pipefail", "-c", &block])
                .envs(variables.clone());
            // The proxy in front of the database runs on this thread.
            let output = tokio::task::spawn_blocking(move || command.output().unwrap())
                .await
                .unwrap();
            let (said, wrong) = (
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr),
            );
            assert!(
                output.status.success() && !said.trim().is_empty(),
                "{}:{line}: {}: `{block}` said:\n{said}{wrong}",
                page.display(),
                output.status
            );
            run += 1;
        }
    }
    assert!(run >= 20, "the runbooks have {run} commands");
}
