//! The commands of the runbooks.

use crate::chaos::program::workspace;
use anyhow::Context as _;
use std::process::Stdio;
use std::time::Duration;

/// How long the commands of a runbook may take.
const LIMIT: Duration = Duration::from_secs(60);

/// The text of an alert's runbook.
pub(crate) fn read(alert: &str) -> anyhow::Result<String> {
    let path = workspace()?.join(format!("docs/runbooks/{alert}.md"));
    std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
}

/// The blocks of a page that are marked with `language`.
pub(crate) fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let opening = format!("```{language}\n");
    page.split(&opening)
        .skip(1)
        .filter_map(|rest| Some(rest.split_once("```")?.0))
        .collect()
}

/// The commands that an operator runs.
pub(crate) fn commands(page: &str) -> Vec<&str> {
    blocks(page, "sh")
}

/// Runs each block as an operator would, and says what is wrong with the first that fails or prints nothing.
pub(crate) async fn run(page: &str, places: &[(&str, String)]) -> anyhow::Result<Option<String>> {
    for block in commands(page) {
        let output = tokio::process::Command::new("bash")
            .args(["-euo", "pipefail", "-c", block])
            .envs(places.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(LIMIT, output)
            .await
            .with_context(|| format!("the commands hang: {block}"))?
            .context("there is no bash")?;
        if !output.status.success() || output.stdout.trim_ascii().is_empty() {
            return Ok(Some(format!(
                "{}: {block}{}{}",
                output.status,
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            )));
        }
    }
    Ok(None)
}
