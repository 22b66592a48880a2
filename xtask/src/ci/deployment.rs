//! The Kubernetes objects, as `kubectl` renders them, against Kubernetes' own schemas.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use super::context::Context;
use crate::workspace::succeed;

/// What is rendered.
const TREES: [&str; 3] = ["base", "overlays/kerberos", "overlays/production"];

/// The oldest and the newest version that is checked: `unhealthyPodEvictionPolicy` is stable since 1.31.
const VERSIONS: [&str; 2] = ["1.31", "1.37"];

/// Brings the schemas of all versions.
const VALIDATOR: &str = "kubernetes-validate==1.37.0";

/// Renders every tree, and checks each object strictly: a field that the schema does not know is a mistake.
pub(crate) fn run(context: &Context) -> Result<()> {
    let place = context.target().join("tools/kubernetes-validate");
    let program = place.join("bin/kubernetes-validate");
    if !program.is_file() {
        succeed(Command::new("python3").args(["-m", "venv"]).arg(&place))
            .context("a Python environment is needed for the schemas")?;
        succeed(Command::new(place.join("bin/pip")).args(["install", "--quiet", VALIDATOR]))?;
    }
    for tree in TREES {
        let path = context.root.join("deploy/kubernetes").join(tree);
        let rendered = render(&path)?;
        let file = context.target().join("rendered.yaml");
        fs::write(&file, &rendered).with_context(|| format!("writing {}", file.display()))?;
        for version in VERSIONS {
            let output = Command::new(&program)
                .args(["--strict", "--kubernetes-version", version])
                .arg(&file)
                .output()
                .context("kubernetes-validate could not be started")?;
            let text = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            let passed = text
                .lines()
                .filter(|line| line.contains(" passed "))
                .count();
            if !output.status.success() {
                bail!("{tree}, Kubernetes {version}: {text}");
            }
            ensure!(passed >= 6, "{tree}: {passed} objects were checked: {text}");
            println!("{tree}, Kubernetes {version}: {passed} objects");
        }
        for line in rendered.lines().filter(|line| foreign(line)) {
            println!("{tree}: not checked, of another API: {line}");
        }
    }
    Ok(())
}

fn render(tree: &Path) -> Result<String> {
    let output = Command::new("kubectl")
        .arg("kustomize")
        .arg(tree)
        .output()
        .context("kubectl, which renders the objects, could not be started")?;
    ensure!(
        output.status.success(),
        "kubectl kustomize {}: {}",
        tree.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// Whether a line names an API that is not Kubernetes' own.
fn foreign(line: &str) -> bool {
    let api = line.strip_prefix("apiVersion: ");
    api.is_some_and(|api| api.contains('.') && !api.contains(".k8s.io/"))
}

#[cfg(test)]
mod tests {
    use super::foreign;

    #[test]
    fn apis_of_others_are_told_apart() {
        for (line, is_foreign) in [
            ("apiVersion: v1", false),
            ("apiVersion: apps/v1", false),
            ("apiVersion: networking.k8s.io/v1", false),
            ("apiVersion: cert-manager.io/v1", true),
            ("    apiVersion: cert-manager.io/v1", false),
        ] {
            assert_eq!(foreign(line), is_foreign, "{line}");
        }
    }
}
