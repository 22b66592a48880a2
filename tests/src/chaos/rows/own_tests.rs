//! Rows whose proof is a crate's own test, which is run here in its long form.
//!
//! Such a test prints lines of the form
//!
//! ```text
//! row R9: done 1000000 cases
//! row R9: figure kept as values = 999000
//! row R11: figure slowest login = 12.5 ms
//! row R9: wrong a rule: what was seen
//! ```
//!
//! It is in its long form where `CRDB_TEST_LONG` is set, and takes its seed from `CRDB_TEST_SEED` where it takes one. A test
//! that fails is a violation, whatever it has printed.

mod build;
mod lines;

use crate::chaos::checker::Violation;
use crate::chaos::context::Context;
use crate::chaos::program::Program;
use crate::chaos::row::{Report, Row, Size};
use anyhow::{Context as _, ensure};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lines::Lines;
use std::time::Duration;
use tokio::time::timeout;

/// How long a short form may take: it is part of every run of all tests.
const SHORT: Duration = Duration::from_secs(300);

/// A row, and the tests that are its proof.
pub(super) struct OwnTests {
    id: &'static str,
    title: &'static str,
    size: Size,
    /// What the long forms take together on a slow machine. With less time than that the short forms run; with more than
    /// twice that, they hang.
    takes: Duration,
    /// A `cfg` that the long forms are compiled with.
    cfg: Option<&'static str>,
    tests: &'static [Test],
}

/// A test, by its package, its program (`None` for the library's own) and its name.
pub(super) struct Test {
    package: &'static str,
    program: Option<&'static str>,
    name: &'static str,
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

/// R9: nothing that a caller passes to a template becomes SQL.
pub(super) const TEMPLATES: OwnTests = OwnTests {
    id: "R9",
    title: "hostile values and names in templates: the statement changes in its constants at most",
    size: Size {
        count: 1_000_000,
        unit: "cases",
    },
    takes: minutes(30),
    cfg: Some("libpg_query"),
    tests: &[Test {
        package: "crdb-sql",
        program: Some("templates"),
        name: "nothing_that_a_caller_passes_changes_the_statement",
    }],
};

/// R10: what each combination of security settings gives.
pub(super) const POLICY: OwnTests = OwnTests {
    id: "R10",
    title: "sslmode x channel_binding x require_auth x server: every cell as documented",
    size: Size {
        count: 180,
        unit: "cells",
    },
    takes: minutes(2),
    cfg: None,
    tests: &[Test {
        package: "crdb-auth",
        program: Some("integration"),
        name: "policy::every_cell",
    }],
};

/// R11: Kerberos with tickets that end all the time.
pub(super) const TICKETS: OwnTests = OwnTests {
    id: "R11",
    title: "logins by Kerberos while tickets of 60 s end under load",
    size: Size {
        count: 30,
        unit: "minutes",
    },
    takes: minutes(32),
    cfg: None,
    tests: &[Test {
        package: "crdb-auth",
        program: Some("kerberos"),
        name: "tickets_are_renewed_under_load",
    }],
};

/// R12: secrets in what is printed.
pub(super) const SECRETS: OwnTests = OwnTests {
    id: "R12",
    title: "canary secrets through everything at TRACE, looked for in everything that is printed",
    size: Size {
        count: 3,
        unit: "canaries",
    },
    takes: minutes(2),
    cfg: None,
    tests: &[
        Test {
            package: "crdb-auth",
            program: Some("secrets"),
            name: "a_canary_is_found_nowhere",
        },
        Test {
            package: "crdb-facade",
            program: Some("secrets"),
            name: "no_secret_is_printed_at_trace_level",
        },
    ],
};

/// R13: the audit log, edited and killed.
pub(super) const AUDIT: OwnTests = OwnTests {
    id: "R13",
    title: "audit log: edited, deleted, reordered, restamped and truncated lines are named, nothing acknowledged is lost by a kill",
    size: Size {
        count: 11_000,
        unit: "mutations and kills",
    },
    takes: minutes(20),
    cfg: None,
    tests: &[
        Test {
            package: "crdb-observe",
            program: Some("audit"),
            name: "damaged::the_first_bad_entry_of_a_mutated_log_is_named",
        },
        Test {
            package: "crdb-observe",
            program: Some("audit"),
            name: "killed::nothing_that_was_acknowledged_is_lost_by_a_kill",
        },
    ],
};

/// R17: migrations whose runners are killed.
pub(super) const MIGRATIONS: OwnTests = OwnTests {
    id: "R17",
    title: "migrations: three runners, one killed before a request or after an answer, or frozen beyond its lease: each took effect exactly once, and no runner wrote without its lease",
    size: Size {
        count: 1_000,
        unit: "kills",
    },
    takes: minutes(60),
    cfg: None,
    tests: &[Test {
        package: "crdb-migrate",
        program: Some("migrate"),
        name: "kill::each_migration_takes_effect_once_whenever_a_runner_is_killed",
    }],
};

/// R15: the pool's decisions, simulated.
pub(super) const SIMULATION: OwnTests = OwnTests {
    id: "R15",
    title: "seeded simulation of slots, routing and retry: every promise of the pool at every step",
    size: Size {
        count: 100_000,
        unit: "seeds",
    },
    takes: minutes(30),
    cfg: None,
    tests: &[Test {
        package: "crdb-pool",
        program: None,
        name: "core::simulation::promises_hold_whatever_happens",
    }],
};

/// R16: lanes against a model, and their queue under a schedule explorer.
pub(super) const LANES: OwnTests = OwnTests {
    id: "R16",
    title: "lanes: any interleaving of statements, drops, cuts and cancels gives what one by one gives; queue and hand-over under \
            every kind of schedule",
    size: Size {
        count: 1_020_000,
        unit: "lane deaths, cancels and schedules",
    },
    takes: minutes(30),
    cfg: None,
    tests: &[
        Test {
            package: "crdb-wire",
            program: Some("lanes_simulated"),
            name: "any_interleaving_gives_what_one_by_one_gives",
        },
        Test {
            package: "crdb-wire",
            program: None,
            name: "lane::schedules::each_caller_is_served_or_gives_up_and_no_place_is_lost",
        },
    ],
};

/// R22: the whole stack, simulated.
pub(super) const WHOLE_STACK: OwnTests = OwnTests {
    id: "R22",
    title: "the whole stack in one thread on paused time against a model of the server: every promise at every step",
    size: Size {
        count: 100_000,
        unit: "seeds",
    },
    takes: minutes(60),
    cfg: None,
    tests: &[Test {
        package: "crdb-tests",
        program: None,
        name: "simulation::tests::every_promise_holds_whatever_fails",
    }],
};

impl Row for OwnTests {
    fn id(&self) -> &'static str {
        self.id
    }

    fn title(&self) -> &'static str {
        self.title
    }

    fn size(&self) -> Size {
        self.size
    }

    fn is_native(&self) -> bool {
        false
    }

    fn run<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, anyhow::Result<Report>> {
        async move {
            let long = context.limit().is_none_or(|limit| limit >= self.takes);
            let form = if long { "long" } else { "short" };
            context.say(&format!("its tests are built and run in their {form} form"));
            let mut report = Report::default();
            for test in self.tests {
                let lines = self.run_test(context, test, long).await?;
                lines.add_to(&mut report, self.size.unit)?;
            }
            Ok(report)
        }
        .boxed()
    }
}

impl OwnTests {
    async fn run_test(&self, context: &Context, test: &Test, long: bool) -> anyhow::Result<Lines> {
        let (program, directory) =
            build::program(test.package, test.program, long, self.cfg.filter(|_| long)).await?;
        let words = [&program, "--exact", "--nocapture", test.name].map(str::to_owned);
        let mut environment = vec![("CRDB_TEST_SEED", context.seed().to_string())];
        environment.extend(long.then(|| ("CRDB_TEST_LONG", "1".to_owned())));
        let mut running = Program::start(&words, &directory, &environment)?;
        let mut lines = Lines::of(self.id);
        let limit = if long { 2 * self.takes } else { SHORT };
        let ended = timeout(limit, async {
            while let Some(line) = running.line().await {
                if let Some(said) = lines.hear(&line) {
                    context.say(said);
                }
            }
            running.end().await
        })
        .await;
        let what = format!("{} {}", test.package, test.name);
        match ended {
            Ok(status) if status.as_ref().is_ok_and(std::process::ExitStatus::success) => {
                ensure!(lines.one_passed(), "there is no test {what}");
            }
            Ok(status) => {
                let detail = format!("{what}: {}", status?);
                lines.fail(Violation::new("a crate's own test failed", detail));
            }
            Err(_) => {
                let detail = format!("{what}: it was ended after {} s", limit.as_secs());
                lines.fail(Violation::new("a crate's own test hangs", detail));
            }
        }
        if !lines.violations().is_empty() {
            context
                .evidence()
                .keep_output(
                    &format!("{}-{}", self.id, test.package),
                    lines.violations(),
                    lines.all(),
                )
                .context("keeping the evidence")?;
        }
        Ok(lines)
    }
}
