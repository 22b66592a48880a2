//! What a layer may not know by any path: foreign crates reached through its normal and build dependencies.

use std::collections::{HashMap, HashSet, VecDeque};

use cargo_metadata::{DependencyKind, Metadata, PackageId};

use super::finding::Finding;

/// A layer, what it does not know, and why.
const STRANGERS: &[(&str, &[&str], &str)] = &[
    (
        "crdb-sql",
        &["tokio", "tokio-postgres", "postgres-protocol"],
        "SQL text is used in build scripts and command lines too; it does no I/O but files",
    ),
    (
        "crdb-pool",
        &[
            "tokio-postgres",
            "postgres-protocol",
            "postgres-types",
            "rustls",
            "sqlparser",
        ],
        "the pool carries any session type; its connector knows the protocol, the login and the SQL",
    ),
    (
        "crdb-exec",
        &["rustls"],
        "the executor is given sessions that are already logged in",
    ),
];

/// Finds the shortest path from each layer to each stranger, if there is one.
pub(crate) fn check(metadata: &Metadata) -> Vec<Finding> {
    let Some(resolve) = &metadata.resolve else {
        return Vec::new();
    };
    let names: HashMap<&PackageId, &str> = metadata
        .packages
        .iter()
        .map(|package| (&package.id, package.name.as_str()))
        .collect();
    let edges: HashMap<&PackageId, Vec<&PackageId>> = resolve
        .nodes
        .iter()
        .map(|node| {
            let compiled = node.deps.iter().filter(|dependency| {
                dependency
                    .dep_kinds
                    .iter()
                    .any(|kind| kind.kind != DependencyKind::Development)
            });
            (
                &node.id,
                compiled.map(|dependency| &dependency.pkg).collect(),
            )
        })
        .collect();
    let mut findings = Vec::new();
    for package in metadata.workspace_packages() {
        for (layer, strangers, why) in STRANGERS {
            if package.name.as_str() != *layer {
                continue;
            }
            for stranger in *strangers {
                if let Some(path) = shortest_path(&package.id, stranger, &edges, &names) {
                    findings.push(Finding::new(
                        "strangers",
                        format!("crates/{layer}/Cargo.toml"),
                        format!(
                            "{layer} must not know {stranger} ({why}), but: {}",
                            path.join(" -> ")
                        ),
                    ));
                }
            }
        }
    }
    findings
}

fn shortest_path<'a>(
    from: &'a PackageId,
    to: &str,
    edges: &HashMap<&'a PackageId, Vec<&'a PackageId>>,
    names: &HashMap<&'a PackageId, &'a str>,
) -> Option<Vec<&'a str>> {
    let name = |id: &PackageId| names.get(id).copied().unwrap_or("?");
    let mut seen = HashSet::from([from]);
    let mut queue = VecDeque::from([vec![from]]);
    while let Some(path) = queue.pop_front() {
        let last = *path.last()?;
        if name(last) == to {
            return Some(path.into_iter().map(name).collect());
        }
        for next in edges.get(last).into_iter().flatten().copied() {
            if seen.insert(next) {
                let mut longer = path.clone();
                longer.push(next);
                queue.push_back(longer);
            }
        }
    }
    None
}
