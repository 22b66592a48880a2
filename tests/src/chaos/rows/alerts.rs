//! R20: the shipped alerts, each under its own fault.

use crate::chaos::alerts::bank::Bank;
use crate::chaos::alerts::fault::{self, Fault};
use crate::chaos::alerts::picture;
use crate::chaos::alerts::prometheus::{Prometheus, promtool};
use crate::chaos::alerts::subject::Subject;
use crate::chaos::alerts::{rules, runbook};
use crate::chaos::checker::Violation;
use crate::chaos::context::Context;
use crate::chaos::row::{Picture, Report, Row, Size};
use anyhow::ensure;
use crdb_testkit::EngineKind;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, sleep};

/// The job of the service without a fault.
const HEALTHY: &str = "healthy";

/// The job of the demo.
const DEMO: &str = "bank";

/// Within this the demo has counted something of everything.
const COUNTS_WITHIN: Duration = Duration::from_secs(60);

/// How long a service in health is watched alone: 30 minutes of compressed time.
const HEALTH: Duration = Duration::from_secs(30 * 60 / rules::FASTER as u64);

/// Within this every alert fires: the longest takes 15 minutes of compressed time, and 5 more until its range is full.
const FIRES_WITHIN: Duration = Duration::from_secs(90);

/// How often the alerts are looked at.
const PAUSE: Duration = Duration::from_millis(250);

pub(super) struct Alerts;

impl Row for Alerts {
    fn id(&self) -> &'static str {
        "R20"
    }

    fn title(&self) -> &'static str {
        "every shipped alert under its own fault, its runbook's commands, and silence in health"
    }

    fn size(&self) -> Size {
        Size {
            count: 17,
            unit: "alerts",
        }
    }

    fn needs(&self) -> &'static [&'static str] {
        &["prometheus", "promtool"]
    }

    fn run<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, anyhow::Result<Report>> {
        run(context).boxed()
    }
}

async fn run(context: &Context) -> anyhow::Result<Report> {
    let engine = context.engine();
    ensure!(
        engine.kind() == EngineKind::PostgreSql,
        "its faults are made on PostgreSQL: --engine postgres"
    );
    promtool(&["check", "rules", "recording.yml", "alerts.yml"]).await?;
    promtool(&["test", "rules", "alerts_test.yml"]).await?;

    let mut report = Report::default();
    let mut prometheus = Prometheus::start().await?;
    let bank = Bank::start(engine).await?;
    let healthy = fault::healthy(engine).await?;
    for subject in &healthy {
        prometheus.watch(HEALTHY, subject.endpoint()?)?;
    }
    prometheus.until_scraped().await?;
    let (began, watched) = (now(), Instant::now());
    let health = HEALTH.min(context.left() / 3);
    while watched.elapsed() < health {
        silent(&prometheus, &mut report).await?;
        sleep(PAUSE).await;
    }
    let seconds = watched.elapsed().as_secs_f64();
    report.figure(
        "minutes in health without an alert",
        seconds * f64::from(rules::FASTER) / 60.0,
        "min",
    );

    let faults = fault::all(engine).await?;
    shipped(&faults, &mut report)?;
    for fault in &faults {
        for subject in &fault.subjects {
            prometheus.watch(fault.alert, subject.endpoint()?)?;
        }
    }
    prometheus.watch(DEMO, bank.endpoint)?;
    prometheus.until_scraped().await?;
    watch(context, &prometheus, &faults, &mut report).await?;
    named(&prometheus, &mut report).await?;
    drawn(&prometheus, (began, now()), &mut report).await?;
    drop(bank);
    let subjects = faults.into_iter().flat_map(|fault| fault.subjects);
    join_all(subjects.chain(healthy).map(Subject::close)).await;
    Ok(report)
}

/// Waits until each alert has fired for its fault, and runs its runbook then.
async fn watch(
    context: &Context,
    prometheus: &Prometheus,
    faults: &[Fault],
    report: &mut Report,
) -> anyhow::Result<()> {
    let began = Instant::now();
    let mut waiting: BTreeMap<&str, &Fault> =
        faults.iter().map(|fault| (fault.alert, fault)).collect();
    while !waiting.is_empty() && began.elapsed() < FIRES_WITHIN {
        let firing = silent(prometheus, report).await?;
        let fired: Vec<_> = waiting
            .keys()
            .copied()
            .filter(|alert| {
                firing
                    .get(*alert)
                    .is_some_and(|names| names.contains(*alert))
            })
            .collect();
        for alert in fired {
            let Some(fault) = waiting.remove(alert) else {
                continue;
            };
            let after = began.elapsed().as_secs_f64();
            context.say(&format!("{alert} fires after {after:.1} s"));
            report.done += 1;
            report.figure(format!("{alert} fires after"), after, "s");
            followed(prometheus, fault, report).await?;
        }
        sleep(PAUSE).await;
    }
    for alert in waiting.keys() {
        let violation = Violation::new(
            "an alert fires under its fault",
            format!("{alert} did not fire within {FIRES_WITHIN:?}"),
        );
        report.violations.push(violation);
    }
    for fault in faults {
        let firing = prometheus.firing().await?;
        let others: Vec<_> = firing
            .get(fault.alert)
            .into_iter()
            .flatten()
            .filter(|name| *name != fault.alert && !fault.also.contains(&name.as_str()))
            .collect();
        if !others.is_empty() {
            let violation = Violation::new(
                "a fault fires its own alert",
                format!("{} fired {others:?} too", fault.alert),
            );
            report.violations.push(violation);
        }
    }
    Ok(())
}

/// Nothing fires for the service in health. Gives what fires for the others.
async fn silent(
    prometheus: &Prometheus,
    report: &mut Report,
) -> anyhow::Result<BTreeMap<String, BTreeSet<String>>> {
    let firing = prometheus.firing().await?;
    if let Some(names) = firing.get(HEALTHY)
        && report.violations.is_empty()
    {
        let seen = format!("{names:?} fired for a service in health");
        report
            .violations
            .push(Violation::new("no alert fires in health", seen));
    }
    Ok(firing)
}

/// Every alert that is shipped has its fault here.
fn shipped(faults: &[Fault], report: &mut Report) -> anyhow::Result<()> {
    let text = rules::read("alerts.yml")?;
    for alert in rules::alerts(&text) {
        if !faults.iter().any(|fault| fault.alert == alert) {
            let violation = Violation::new("each alert has its fault", alert);
            report.violations.push(violation);
        }
    }
    Ok(())
}

/// Runs the commands of the alert's runbook.
async fn followed(
    prometheus: &Prometheus,
    fault: &Fault,
    report: &mut Report,
) -> anyhow::Result<()> {
    let Some(subject) = fault.subjects.first() else {
        return Ok(());
    };
    let places = [
        ("METRICS", format!("http://{}", subject.endpoint()?)),
        ("PROMETHEUS", prometheus.url()),
        ("DATABASE_URL", subject.url.clone()),
        ("JOB", fault.alert.to_owned()),
    ];
    let page = runbook::read(fault.alert)?;
    if let Some(wrong) = runbook::run(&page, &places).await? {
        let seen = format!("{}: {wrong}", fault.alert);
        report
            .violations
            .push(Violation::new("the commands of a runbook run", seen));
    }
    Ok(())
}

/// Every metric that a rule or the dashboard names is in a scrape of the demo.
async fn named(prometheus: &Prometheus, report: &mut Report) -> anyhow::Result<()> {
    let mut texts = Vec::new();
    for file in ["recording.yml", "alerts.yml", "dashboard.json"] {
        texts.push((file, rules::read(file)?));
    }
    let named: BTreeMap<&str, &str> = texts
        .iter()
        .flat_map(|(file, text)| rules::metrics(text).into_iter().map(|name| (name, *file)))
        .collect();
    let began = Instant::now();
    let missing = loop {
        let scraped = prometheus.names(DEMO).await?;
        let missing: Vec<_> = named
            .iter()
            .filter(|(name, _)| !scraped.contains(**name))
            .collect();
        if missing.is_empty() || began.elapsed() > COUNTS_WITHIN {
            break missing;
        }
        sleep(PAUSE).await;
    };
    report.count(
        "metrics named, and in a scrape of the demo",
        named.len() as u64,
    );
    for (name, file) in missing {
        let seen = format!("{file} names {name}, which the demo does not have");
        report
            .violations
            .push(Violation::new("a metric that is named exists", seen));
    }
    Ok(())
}

/// Draws the dashboard from what was scraped. Every expression of it is one.
async fn drawn(
    prometheus: &Prometheus,
    time: (f64, f64),
    report: &mut Report,
) -> anyhow::Result<()> {
    let dashboard: serde_json::Value = serde_json::from_str(&rules::read("dashboard.json")?)?;
    let mut panels = picture::panels(&dashboard)?;
    let mut count = 0;
    for panel in &mut panels {
        for (expression, legend) in panel.targets.clone() {
            let expression = expression
                .replace("$job", ".*")
                .replace("$instance", ".*")
                .replace("$__rate_interval", "5s");
            count += 1;
            match prometheus.range(&expression, time).await {
                Ok(series) => panel.add(&legend, series),
                Err(error) => {
                    let seen = format!("{expression}: {error:#}");
                    report
                        .violations
                        .push(Violation::new("the dashboard can be drawn", seen));
                }
            }
        }
    }
    report.count("expressions of the dashboard", count);
    report.pictures.push(Picture {
        file: "dashboard.svg",
        title: "the shipped dashboard over this run: half a minute in health, then every fault at once",
        svg: picture::svg(&panels, time),
    });
    Ok(())
}

/// Now, in seconds since 1970.
fn now() -> f64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs_f64()
}
