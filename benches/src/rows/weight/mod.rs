//! P13: what a program takes upon itself with this toolkit, in crates and in seconds of a first build.

mod project;

use futures_util::future::{BoxFuture, FutureExt as _};

use self::project::{Project, library, library_with_sqlx, manifest};
use super::headings;
use crate::case::{Bound, Case, MeasureError, Metric, Role, Sample, Subject, Target};
use crate::row::{Heading, Row, Settings};

/// The row.
#[derive(Debug)]
pub(super) struct Weight;

const FACADE: &str = "crdb-facade";
const SQLX: &str = "sqlx";

/// What a program needs beside its client to be one.
const RUNTIME: &str = r#"tokio = { version = "1", features = ["macros", "rt-multi-thread"] }"#;

/// sqlx as its guide says, with the types that the example has.
const SQLX_LINE: &str = r#"sqlx = { version = "0.9", features = ["chrono", "postgres", "runtime-tokio", "tls-rustls-ring-native-roots", "uuid"] }"#;

/// The types that a service on sqlx names itself.
const TYPES_LINES: &str = r#"chrono = { version = "0.4", default-features = false, features = ["serde"] }
uuid = { version = "1", features = ["serde"] }
"#;

const TOKIO_POSTGRES_LINES: &str = r#"tokio-postgres = { version = "0.7", features = ["with-chrono-0_4", "with-uuid-1"] }
tokio-postgres-rustls = { version = "0.14", features = ["native-certs", "ring"] }
deadpool-postgres = "0.14"
"#;

impl Row for Weight {
    fn heading(&self) -> Heading {
        headings::WEIGHT
    }

    fn cases<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Vec<Case>, MeasureError>> {
        async move {
            let rounds = if settings.quick { 1 } else { 2 };
            let facade = path("crdb-facade", r#"features = ["chrono", "uuid"]"#);
            let service = |client: &str| {
                manifest(&format!(
                    r#"{client}
axum = {{ version = "0.8", default-features = false, features = ["http1", "json", "query", "tokio"] }}
serde = {{ version = "1", features = ["derive"] }}
tokio = {{ version = "1", features = ["macros", "rt-multi-thread", "signal"] }}
tracing = "0.1"
tracing-subscriber = {{ version = "0.3", features = ["env-filter", "json"] }}
"#
                ))
            };
            let service_client = path(
                "crdb-facade",
                r#"features = ["chrono", "migrate", "serde", "uuid"]"#,
            );
            let sqlx_client = format!("{SQLX_LINE}\n{TYPES_LINES}");
            Ok(vec![
                Case {
                    name: "a program that connects, first debug build".to_owned(),
                    metrics: vec![Metric::lower("crates", ""), Metric::lower("time", "s")],
                    targets: ["crates", "time"].map(lighter).to_vec(),
                    rounds,
                    subjects: vec![
                        built(plain(FACADE, Role::Ours, &facade).await?),
                        built(plain(SQLX, Role::Peer, SQLX_LINE).await?),
                        built(
                            plain("tokio-postgres", Role::Peer, TOKIO_POSTGRES_LINES).await?,
                        ),
                    ],
                },
                Case {
                    name: "the library service, first debug build".to_owned(),
                    metrics: vec![Metric::lower("crates", ""), Metric::lower("time", "s")],
                    targets: ["crates", "time"].map(lighter).to_vec(),
                    rounds,
                    subjects: vec![
                        built(library(FACADE, &service(&service_client)).await?),
                        built(library_with_sqlx(SQLX, &service(&sqlx_client)).await?),
                    ],
                },
                layers().await?,
            ])
        }
        .boxed()
    }
}

/// A program with a client and nothing else.
async fn plain(name: &'static str, role: Role, client: &str) -> Result<Project, MeasureError> {
    let manifest = manifest(&format!("{client}\n{RUNTIME}"));
    Project::new(name, role, &manifest, settings_of(client)).await
}

/// The layers that can be taken alone, with what they weighed when the bound was set.
async fn layers() -> Result<Case, MeasureError> {
    let mut subjects: Vec<Box<dyn Subject>> = Vec::new();
    let mut targets = Vec::new();
    for (name, most) in [("crdb-auth", 95.0), ("crdb-pool", 39.0)] {
        let line = path(name, "");
        let project = Project::new(name, Role::Ours, &manifest(&line), settings_of(&line)).await?;
        subjects.push(Box::new(Weighed {
            project,
            is_built: false,
        }));
        targets.push(Target {
            subject: name,
            metric: "crates",
            bound: Bound::AtMost(most),
        });
    }
    Ok(Case {
        name: "a layer alone".to_owned(),
        metrics: vec![Metric::lower("crates", "")],
        targets,
        rounds: 1,
        subjects,
    })
}

fn lighter(metric: &'static str) -> Target {
    Target {
        subject: FACADE,
        metric,
        bound: Bound::RatioAtMost(SQLX, 1.0),
    }
}

/// The line of a manifest for a crate of this workspace.
fn path(name: &str, more: &str) -> String {
    let root = project::root();
    let comma = if more.is_empty() { "" } else { ", " };
    format!(
        r#"{name} = {{ path = "{}"{comma}{more} }}"#,
        root.join("crates").join(name).display()
    )
}

/// Which features were asked for.
fn settings_of(lines: &str) -> String {
    let features = lines
        .lines()
        .filter_map(|line| {
            let (name, rest) = line.split_once(" = ")?;
            let features = rest.split_once("features = ").map(|(_, rest)| rest);
            let features = features.and_then(|rest| rest.split_once(']'));
            Some(match features {
                Some((features, _)) => format!("{name} {features}]").replace('"', ""),
                None => name.to_owned(),
            })
        })
        .collect::<Vec<_>>();
    features.join(", ")
}

/// The number of crates, and where it is measured the time of a build with nothing built before.
struct Weighed {
    project: Project,
    is_built: bool,
}

impl Subject for Weighed {
    fn name(&self) -> &'static str {
        self.project.name
    }

    fn role(&self) -> Role {
        self.project.role
    }

    fn settings(&self) -> String {
        self.project.settings.clone()
    }

    fn is_another_program(&self) -> bool {
        true
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let crates = self.project.crates().await? as f64;
            let sample = Sample::new().with("crates", crates);
            if !self.is_built {
                return Ok(sample);
            }
            let time = self.project.build().await?;
            Ok(sample.with("time", time.as_secs_f64()))
        }
        .boxed()
    }
}

/// A subject that is built.
fn built(project: Project) -> Box<dyn Subject> {
    Box::new(Weighed {
        project,
        is_built: true,
    })
}
