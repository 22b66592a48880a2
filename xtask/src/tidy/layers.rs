//! The arrows between the crates, as `docs/architecture.md` draws them.

use cargo_metadata::{Dependency, DependencyKind, Metadata, Package};

use super::finding::Finding;

/// Where the arrows are drawn; every message names it.
const DRAWN: &str = "docs/architecture.md";

const RULE: &str = "layers";

/// One crate and the crates that it may know.
struct Layer {
    name: &'static str,
    /// What its code may depend on.
    knows: &'static [Arrow],
}

struct Arrow {
    to: &'static str,
    how: How,
}

/// How an arrow has to be drawn in the manifest.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// In any way.
    Plain,
    /// With `default-features = false` and without turning on what the defaults turn on.
    WithoutDefaults,
    /// Optional, and turned on by exactly one feature.
    BehindItsFeature,
}

const fn arrow(to: &'static str, how: How) -> Arrow {
    Arrow { to, how }
}

/// Allowed dependencies. A crate in `crates/` must be listed here.
const LAYERS: &[Layer] = &[
    Layer {
        name: "crdb-auth",
        knows: &[],
    },
    Layer {
        name: "crdb-pool",
        knows: &[],
    },
    Layer {
        name: "crdb-sql",
        knows: &[],
    },
    Layer {
        name: "crdb-wire",
        knows: &[arrow("crdb-auth", How::Plain)],
    },
    Layer {
        name: "crdb-macros",
        knows: &[],
    },
    Layer {
        name: "crdb-exec",
        knows: &[
            arrow("crdb-sql", How::WithoutDefaults),
            arrow("crdb-macros", How::BehindItsFeature),
        ],
    },
    Layer {
        name: "crdb-data",
        knows: &[arrow("crdb-exec", How::Plain)],
    },
    Layer {
        name: "crdb-cache",
        knows: &[
            arrow("crdb-exec", How::Plain),
            arrow("crdb-sql", How::Plain),
        ],
    },
    Layer {
        name: "crdb-migrate",
        knows: &[
            arrow("crdb-exec", How::Plain),
            arrow("crdb-sql", How::Plain),
        ],
    },
    Layer {
        name: "crdb-observe",
        knows: &[
            arrow("crdb-auth", How::BehindItsFeature),
            arrow("crdb-pool", How::BehindItsFeature),
            arrow("crdb-wire", How::BehindItsFeature),
            arrow("crdb-exec", How::BehindItsFeature),
            arrow("crdb-data", How::BehindItsFeature),
            arrow("crdb-cache", How::BehindItsFeature),
            arrow("crdb-migrate", How::BehindItsFeature),
        ],
    },
    Layer {
        name: "crdb-facade",
        knows: &[
            arrow("crdb-auth", How::Plain),
            arrow("crdb-pool", How::Plain),
            arrow("crdb-sql", How::Plain),
            arrow("crdb-wire", How::Plain),
            arrow("crdb-exec", How::Plain),
            arrow("crdb-observe", How::Plain),
            arrow("crdb-macros", How::Plain),
            arrow("crdb-migrate", How::BehindItsFeature),
            arrow("crdb-data", How::BehindItsFeature),
            arrow("crdb-cache", How::BehindItsFeature),
        ],
    },
    Layer {
        name: "crdb-cli",
        knows: &[
            arrow("crdb-facade", How::BehindItsFeature),
            arrow("crdb-sql", How::Plain),
            arrow("crdb-testkit", How::Plain),
        ],
    },
    Layer {
        name: "crdb-testkit",
        knows: &[arrow("crdb-macros", How::Plain)],
    },
];

/// What any layer's tests, examples and benchmarks may use beyond its own arrows. The testkit's own tests may not: it
/// would test itself.
const FOR_TESTS: &str = "crdb-testkit";

/// The example domain stands on the executor's traits and on nothing above them.
const EXAMPLE: Layer = Layer {
    name: "crdb-example-bank",
    knows: &[
        arrow("crdb-exec", How::Plain),
        arrow("crdb-sql", How::Plain),
    ],
};

/// Compares every dependency between packages of the workspace with the drawing.
pub(crate) fn check(metadata: &Metadata) -> Vec<Finding> {
    let members: Vec<&Package> = metadata.workspace_packages();
    let crates = metadata.workspace_root.join("crates");
    let mut findings = Vec::new();
    for package in &members {
        let place = package
            .manifest_path
            .strip_prefix(&metadata.workspace_root)
            .unwrap_or(&package.manifest_path)
            .to_string();
        let layer = LAYERS
            .iter()
            .chain([&EXAMPLE])
            .find(|layer| layer.name == package.name.as_str());
        let Some(layer) = layer else {
            if package.manifest_path.starts_with(&crates) {
                findings.push(Finding::new(
                    RULE,
                    place,
                    format!(
                        "{} is not drawn in {DRAWN}: a type that two layers share belongs to the lower one, or is a trait \
                         in the layer that consumes it",
                        package.name
                    ),
                ));
            }
            continue;
        };
        for dependency in &package.dependencies {
            if members.iter().any(|member| *member.name == dependency.name)
                && dependency.path.is_some()
                && let Some(message) = judge(layer, package, dependency, &members)
            {
                findings.push(Finding::new(RULE, place.clone(), message));
            }
        }
    }
    findings
}

/// Why this dependency may not be, if so.
fn judge(
    layer: &Layer,
    package: &Package,
    dependency: &Dependency,
    members: &[&Package],
) -> Option<String> {
    let arrow = layer.knows.iter().find(|arrow| arrow.to == dependency.name);
    let drawn = format!("{} -> {}", layer.name, dependency.name);
    if dependency.kind == DependencyKind::Development {
        let allowed = arrow.is_some()
            || (dependency.name == FOR_TESTS && layer.name != FOR_TESTS)
            || dependency.name == layer.name;
        return (!allowed).then(|| {
            format!(
                "the dev-dependency {drawn} is not drawn in {DRAWN}: tests of a layer use the layers below it and \
                 {FOR_TESTS}; what needs more belongs in tests/"
            )
        });
    }
    let Some(arrow) = arrow else {
        let optional = if dependency.optional { "optional " } else { "" };
        return Some(format!(
            "the {optional}dependency {drawn} is not drawn in {DRAWN}: {}",
            may_know(layer)
        ));
    };
    match arrow.how {
        How::Plain => None,
        How::WithoutDefaults => {
            let defaults = members
                .iter()
                .find(|member| *member.name == dependency.name)
                .and_then(|member| member.features.get("default"))
                .cloned()
                .unwrap_or_default();
            if dependency.uses_default_features {
                Some(format!(
                    "{drawn} is drawn without default features in {DRAWN}: add default-features = false"
                ))
            } else {
                let feature = dependency
                    .features
                    .iter()
                    .find(|on| defaults.contains(on))?;
                Some(format!(
                    "{drawn} is drawn without default features in {DRAWN}, but the feature \"{feature}\" is one of them"
                ))
            }
        }
        How::BehindItsFeature => {
            if !dependency.optional {
                return Some(format!(
                    "{drawn} is drawn as optional in {DRAWN}: add optional = true and a feature that turns it on"
                ));
            }
            let switch = format!("dep:{}", dependency.name);
            let switches = package
                .features
                .values()
                .filter(|enables| enables.contains(&switch))
                .count();
            (switches != 1).then(|| {
                format!(
                    "{drawn} is drawn behind one feature in {DRAWN}; {switches} features turn it on"
                )
            })
        }
    }
}

fn may_know(layer: &Layer) -> String {
    if layer.knows.is_empty() {
        return format!("{} knows no other crate of the workspace", layer.name);
    }
    let known: Vec<_> = layer.knows.iter().map(|arrow| arrow.to).collect();
    format!("{} knows {} only", layer.name, known.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// One dependency as `cargo metadata` tells it.
    fn dependency(name: &str, kind: Option<&str>, optional: bool, defaults: bool) -> Value {
        json!({
            "name": name, "source": null, "req": "^0.1", "kind": kind, "rename": null,
            "optional": optional, "uses_default_features": defaults, "features": [],
            "target": null, "registry": null, "path": format!("/w/crates/{name}"),
        })
    }

    fn package(name: &str, dependencies: &[Value], features: Value) -> Value {
        json!({
            "name": name, "version": "0.1.0", "id": format!("path+file:///w/crates/{name}#0.1.0"),
            "license": null, "license_file": null, "description": null, "source": null,
            "dependencies": dependencies, "targets": [], "features": features,
            "manifest_path": format!("/w/crates/{name}/Cargo.toml"), "metadata": null, "publish": null,
            "authors": [], "categories": [], "keywords": [], "readme": null, "repository": null,
            "homepage": null, "documentation": null, "edition": "2024", "links": null,
            "default_run": null, "rust_version": null,
        })
    }

    fn graph(packages: &[Value]) -> Metadata {
        let ids: Vec<_> = packages.iter().map(|package| &package["id"]).collect();
        serde_json::from_value(json!({
            "packages": packages, "workspace_members": ids, "workspace_default_members": ids,
            "resolve": null, "target_directory": "/w/target", "version": 1,
            "workspace_root": "/w", "metadata": null,
        }))
        .unwrap()
    }

    fn messages(packages: &[Value]) -> Vec<String> {
        check(&graph(packages))
            .into_iter()
            .map(|finding| finding.to_string())
            .collect()
    }

    fn leaf(name: &str) -> Value {
        package(name, &[], json!({}))
    }

    #[test]
    fn the_drawn_arrows_pass() {
        let observe = package(
            "crdb-observe",
            &[dependency("crdb-auth", None, true, true)],
            json!({ "auth": ["dep:crdb-auth"] }),
        );
        let exec = package(
            "crdb-exec",
            &[
                dependency("crdb-sql", None, false, false),
                dependency("crdb-testkit", Some("dev"), false, true),
            ],
            json!({}),
        );
        assert_eq!(
            messages(&[
                leaf("crdb-auth"),
                leaf("crdb-sql"),
                leaf("crdb-testkit"),
                exec,
                observe
            ]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn every_arrow_that_is_not_drawn_is_named_with_the_drawing() {
        let names: Vec<_> = LAYERS.iter().map(|layer| layer.name).collect();
        for layer in LAYERS {
            for to in &names {
                let drawn = layer.knows.iter().any(|arrow| arrow.to == *to);
                if drawn || *to == layer.name {
                    continue;
                }
                for kind in [None, Some("build")] {
                    for optional in [false, true] {
                        let from = package(
                            layer.name,
                            &[dependency(to, kind, optional, true)],
                            json!({}),
                        );
                        let found = messages(&[from, leaf(to)]);
                        assert_eq!(found.len(), 1, "{} -> {to}", layer.name);
                        assert!(found[0].contains(&format!("{} -> {to}", layer.name)));
                        assert!(found[0].contains(DRAWN));
                    }
                }
            }
        }
    }

    #[test]
    fn tests_of_a_layer_may_not_look_up() {
        let pool = package(
            "crdb-pool",
            &[dependency("crdb-facade", Some("dev"), false, true)],
            json!({}),
        );
        let found = messages(&[pool, leaf("crdb-facade")]);
        assert!(
            found[0].contains("dev-dependency crdb-pool -> crdb-facade"),
            "{found:?}"
        );
    }

    #[test]
    fn the_executor_takes_the_statements_without_their_parser() {
        let sql = package(
            "crdb-sql",
            &[],
            json!({ "default": ["parser"], "parser": [] }),
        );
        let exec = |dependency: Value| package("crdb-exec", &[dependency], json!({}));
        let found = messages(&[exec(dependency("crdb-sql", None, false, true)), sql.clone()]);
        assert!(found[0].contains("default-features = false"), "{found:?}");
        let mut again = dependency("crdb-sql", None, false, false);
        again["features"] = json!(["parser"]);
        let found = messages(&[exec(again), sql]);
        assert!(found[0].contains("\"parser\""), "{found:?}");
    }

    #[test]
    fn an_adapter_is_optional_and_has_one_feature() {
        let observe = |optional, features| {
            package(
                "crdb-observe",
                &[dependency("crdb-pool", None, optional, true)],
                features,
            )
        };
        let found = messages(&[observe(false, json!({})), leaf("crdb-pool")]);
        assert!(found[0].contains("optional = true"), "{found:?}");
        let two = json!({ "a": ["dep:crdb-pool"], "b": ["dep:crdb-pool"] });
        let found = messages(&[observe(true, two), leaf("crdb-pool")]);
        assert!(found[0].contains("2 features turn it on"), "{found:?}");
    }

    #[test]
    fn a_crate_that_is_not_drawn_does_not_belong() {
        let found = messages(&[leaf("crdb-core")]);
        assert!(found[0].contains("crdb-core is not drawn"), "{found:?}");
    }
}
