//! Rendering a template to a text that was rendered before.

use std::hint::black_box;

use crdb_sql::{Argument, Repository};

use crate::case::{Bound, Case, MeasureError, Metric, Role, Target};
use crate::rows::timed::{TIME, Timed};

const OURS: &str = "Template::render";
const MINIJINJA: &str = "minijinja";
const SEARCH: &str = include_str!("../../../../crates/crdb-sql/benches/search.sql");

pub(super) fn case(rounds: usize) -> Result<Case, MeasureError> {
    let repository = Repository::from_embedded(&[("accounts/search.sql", SEARCH)])?;
    let template = repository.template("accounts.search")?.clone();
    let (_, body) = SEARCH
        .split_once("first\n")
        .ok_or("the header of the template has changed")?;
    let mut environment = minijinja::Environment::empty();
    environment.add_template("search", body)?;
    Ok(Case {
        name: "render, text seen before".to_owned(),
        metrics: vec![Metric::lower(TIME, "ns")],
        targets: vec![Target {
            subject: OURS,
            metric: TIME,
            bound: Bound::RatioAtMost(MINIJINJA, 1.2),
        }],
        rounds,
        subjects: vec![
            Box::new(Timed {
                name: OURS,
                role: Role::Ours,
                settings: "shape checked, values bound",
                pieces: 1,
                work: move || {
                    let arguments = [
                        ("country", Argument::Value("DE")),
                        ("sort", Argument::Identifier("balance")),
                        ("descending", Argument::Flag(true)),
                        ("count", Argument::Value("20")),
                    ];
                    black_box(template.render(black_box(&arguments))?.text().len());
                    Ok(())
                },
            }),
            Box::new(Timed {
                name: MINIJINJA,
                role: Role::Peer,
                settings: "the same template, compiled once",
                pieces: 1,
                work: move || {
                    let plain = environment.get_template("search")?;
                    let context = minijinja::context! {
                        country => "DE", least => (), sort => "balance", descending => true,
                    };
                    black_box(plain.render(black_box(context))?.len());
                    Ok(())
                },
            }),
        ],
    })
}
