//! A page of the runbooks, and how its commands are run.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::replica::Replica;

/// One page.
pub(super) struct Page {
    name: String,
    blocks: Vec<Block>,
}

/// A block marked `sh`. One in a list is indented.
struct Block {
    line: usize,
    section: String,
    text: String,
}

/// What the commands of a page take from the environment.
pub(super) struct Places(Vec<(&'static str, String)>);

impl Places {
    /// Those of a replica that has its configuration in `directory`. `url` is how an operator reaches the database.
    pub(super) fn of(replica: &Replica, directory: &Path, url: &str) -> Self {
        let mut places = Self::without_a_service(directory, url);
        places.0.extend([
            ("SERVICE", format!("http://{}", replica.address)),
            ("METRICS", format!("http://{}", replica.endpoint())),
        ]);
        places
    }

    /// Those that are there while no replica runs.
    pub(super) fn without_a_service(directory: &Path, url: &str) -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_bank-service"));
        let programs = program.parent().unwrap().display();
        let path = format!("{programs}:{}", std::env::var("PATH").unwrap());
        let configuration = directory.join("bank.yaml").display().to_string();
        Self(vec![
            ("PATH", path),
            ("DATABASE_URL", url.to_owned()),
            ("CONFIGURATION", configuration),
        ])
    }
}

/// Where the pages lie.
fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/runbooks")
}

impl Page {
    /// The pages of tasks and of the service's own alerts. Those of the toolkit's alerts run beside these alerts' faults.
    pub(super) fn all() -> Vec<Self> {
        let entries = std::fs::read_dir(directory()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(".md").map(str::to_owned))
            .filter(|name| !name.starts_with("Crdb") && name != "README")
            .collect();
        names.sort();
        names.iter().map(|name| Self::named(name)).collect()
    }

    pub(super) fn named(name: &str) -> Self {
        let text = std::fs::read_to_string(directory().join(format!("{name}.md"))).unwrap();
        let mut blocks: Vec<Block> = Vec::new();
        let mut section = "";
        let mut open = false;
        for (line, words) in (1..).zip(text.lines()) {
            if let Some(language) = words.trim_start().strip_prefix("```") {
                open = language == "sh";
                if open {
                    blocks.push(Block {
                        line,
                        section: section.to_owned(),
                        text: String::new(),
                    });
                }
            } else if let (true, Some(block)) = (open, blocks.last_mut()) {
                block.text.push_str(words);
                block.text.push('\n');
            } else if let Some(heading) = words.strip_prefix("## ") {
                section = heading;
            }
        }
        assert!(!blocks.is_empty(), "{name} has no commands");
        Self {
            name: name.to_owned(),
            blocks,
        }
    }

    /// Runs all commands, and gives how many blocks they are.
    pub(super) async fn run(&self, places: &Places) -> usize {
        for block in &self.blocks {
            self.run_block(block, places).await;
        }
        self.blocks.len()
    }

    /// Runs the block of a section that holds these words, and gives what it printed.
    pub(super) async fn say(&self, section: &str, words: &str, places: &Places) -> String {
        let mut blocks = self.blocks.iter();
        let block = blocks
            .find(|block| block.section == section && block.text.contains(words))
            .unwrap_or_else(|| panic!("{}: {section} has no commands with `{words}`", self.name));
        self.run_block(block, places).await
    }

    async fn run_block(&self, block: &Block, places: &Places) -> String {
        let mut command = Command::new("bash");
        command
            .args(["-euo", "pipefail", "-c", &block.text])
            .envs(places.0.iter().map(|(name, value)| (name, value)));
        // The proxy in front of the database runs on this thread.
        let output = tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success() && !said.trim().is_empty(),
            "{}.md:{}: {}: `{}` said:\n{said}{}",
            self.name,
            block.line,
            output.status,
            block.text,
            String::from_utf8_lossy(&output.stderr)
        );
        said
    }
}

/// The values of the lines that begin with `name` and hold `label`, as Prometheus reads them.
pub(super) fn values(metrics: &str, name: &str, label: &str) -> Vec<f64> {
    let lines = metrics.lines();
    lines
        .filter(|line| line.starts_with(name) && line.contains(label))
        .map(|line| line.rsplit_once(' ').unwrap().1.parse().unwrap())
        .collect()
}
