//! Reads what EXPLAIN prints.
//!
//! CockroachDB's form is that of <https://www.cockroachlabs.com/docs/stable/explain> and `explain-analyze`, since v21.2: a header, then a
//! tree whose steps begin with `•` and have their attributes below. PostgreSQL's is its text format: a step is the first line, or has
//! `->` before it, and `(cost=..)` behind.

use super::PlanStep;

/// How many steps of a plan are kept.
const MOST: usize = 200;

/// How long a name may be.
const LONGEST: usize = 200;

#[derive(Debug, Default, PartialEq)]
pub(super) struct Tree {
    pub(super) steps: Vec<PlanStep>,
    pub(super) recommendations: Vec<String>,
}

/// The tree in these lines; rows of several lines are taken apart. `None` where there is none.
pub(super) fn tree<'a>(rows: impl IntoIterator<Item = &'a str>) -> Option<Tree> {
    let lines: Vec<&str> = rows.into_iter().flat_map(str::lines).collect();
    let tree = if lines.iter().any(|line| line.contains("• ")) {
        cockroach(&lines)
    } else {
        Tree {
            steps: postgres(&lines),
            recommendations: Vec::new(),
        }
    };
    (!tree.steps.is_empty()).then_some(tree)
}

fn cockroach(lines: &[&str]) -> Tree {
    let mut tree = Tree::default();
    // The columns of the steps above.
    let mut above: Vec<usize> = Vec::new();
    for line in lines {
        if let Some((before, operation)) = line.split_once("• ") {
            let column = before.chars().count();
            above.retain(|at| *at < column);
            // Behind the name may stand its kind: `group (streaming)`, `hash join (semi)`.
            tree.steps.push(PlanStep {
                depth: above.len(),
                operation: name(operation),
                ..PlanStep::default()
            });
            above.push(column);
            continue;
        }
        let text = line
            .trim_start_matches(['│', ' ', '├', '└', '─'])
            .trim_end();
        let Some((attribute, value)) = text.split_once(": ") else {
            continue;
        };
        if let Some(recommended) = recommended(attribute, value) {
            tree.recommendations.extend(recommended);
        } else if let Some(step) = tree.steps.last_mut() {
            attribute_of(step, attribute, value);
        }
    }
    tree.steps.truncate(MOST);
    tree
}

/// An index that the server recommends. Its statement names columns and tables, no values.
fn recommended(attribute: &str, value: &str) -> Option<Vec<String>> {
    attribute.starts_with("SQL command").then(|| {
        value
            .split(';')
            .map(str::trim)
            .filter(|statement| {
                let begins = |word| statement.starts_with(word);
                begins("CREATE ") || begins("DROP INDEX ") || begins("ALTER INDEX ")
            })
            // What is only for some rows says which, by a value.
            .filter(|statement| !statement.contains(" WHERE "))
            .map(str::to_owned)
            .collect()
    })
}

fn attribute_of(step: &mut PlanStep, attribute: &str, value: &str) {
    match attribute {
        "table" | "into" | "from" => {
            let (table, index) = value
                .split_once('@')
                .map_or((value, None), |(table, index)| (table, Some(index)));
            // `into: accounts(id, balance)`
            let table = table.split(['(', ' ']).next().unwrap_or(table);
            step.table = Some(name(table));
            step.index = index.map(|index| name(index.split(' ').next().unwrap_or(index)));
        }
        "spans" => step.is_full = value.starts_with("FULL SCAN"),
        "estimated row count" => step.estimated_rows = number(value),
        "actual row count" => step.actual_rows = number(value),
        "KV time" => step.seconds = seconds(value),
        "KV contention time" => step.contention_seconds = seconds(value),
        _ => {}
    }
}

fn postgres(lines: &[&str]) -> Vec<PlanStep> {
    let mut steps: Vec<PlanStep> = Vec::new();
    let mut above: Vec<usize> = Vec::new();
    for line in lines {
        let column = line.len() - line.trim_start().len();
        let (text, column) = match line.trim_start().strip_prefix("->") {
            Some(text) => (text.trim_start(), column + 1),
            None if steps.is_empty() => (line.trim_start(), column),
            None => continue,
        };
        let Some((title, figures)) = text.split_once("  (") else {
            continue;
        };
        above.retain(|at| *at < column);
        let mut step = titled(title);
        step.depth = above.len();
        above.push(column);
        let mut parts = figures.split(") (");
        if let Some(cost) = parts.next() {
            step.estimated_rows = after(cost, "rows=").and_then(number);
        }
        if let Some(actual) = parts.next() {
            let loops = after(actual, "loops=").and_then(number).unwrap_or(1.0);
            step.actual_rows = after(actual, "rows=")
                .and_then(number)
                .map(|rows| rows * loops);
            let ended = after(actual, "actual time=").and_then(|times| times.split_once(".."));
            step.seconds = ended
                .and_then(|(_, last)| number(last))
                .map(|milliseconds| milliseconds * loops / 1e3);
        }
        steps.push(step);
    }
    steps.truncate(MOST);
    steps
}

/// A step by its title: `Index Scan using accounts_pkey on accounts a`.
fn titled(title: &str) -> PlanStep {
    let (operation, table) = match title.split_once(" on ") {
        Some((operation, table)) => (operation, Some(table)),
        None => (title, None),
    };
    let (operation, index) = match operation.split_once(" using ") {
        Some((operation, index)) => (operation, Some(index)),
        None => (operation, None),
    };
    let operation = operation.trim_end_matches(" Backward");
    // Behind the table comes its alias.
    let named = table.map(|table| name(unaliased(table)));
    let of_index = operation.ends_with("Bitmap Index Scan");
    PlanStep {
        operation: name(operation),
        is_full: operation.ends_with("Seq Scan"),
        index: index
            .map(name)
            .or_else(|| named.clone().filter(|_| of_index)),
        table: named.filter(|_| !of_index),
        ..PlanStep::default()
    }
}

/// The first name of `"My table" alias`.
fn unaliased(text: &str) -> &str {
    let is_quoted = text.starts_with('"');
    let end = match is_quoted {
        true => text
            .get(1..)
            .and_then(|rest| rest.find('"'))
            .map(|at| at + 2),
        false => text.find(' '),
    };
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

fn after<'a>(text: &'a str, what: &str) -> Option<&'a str> {
    text.split_once(what).map(|(_, rest)| rest)
}

fn name(text: &str) -> String {
    text.trim().chars().take(LONGEST).collect()
}

/// The number that a text begins with: `125,000 (100% of the table)`, `10 width=4`.
fn number(text: &str) -> Option<f64> {
    let end = text.find(|char: char| !char.is_ascii_digit() && char != ',' && char != '.');
    let digits = text.get(..end.unwrap_or(text.len()))?;
    digits.replace(',', "").parse().ok()
}

/// `604µs`, `1.2s`, `1m22s`, `0µs`.
fn seconds(text: &str) -> Option<f64> {
    let mut rest = text.trim();
    let mut total = 0.0;
    while !rest.is_empty() {
        let value = number(rest)?;
        let unit = rest
            .trim_start_matches(|char: char| char.is_ascii_digit() || char == ',' || char == '.');
        let end = unit
            .find(|char: char| char.is_ascii_digit())
            .unwrap_or(unit.len());
        let (unit, behind) = unit.split_at_checked(end)?;
        total += value
            * match unit {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "µs" | "us" => 1e-6,
                "ns" => 1e-9,
                _ => return None,
            };
        rest = behind;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As the page explain-analyze of CockroachDB's documentation shows v22.1, with a join as later versions print it.
    const COCKROACH: &str = "planning time: 604µs
execution time: 51ms
distribution: full
vectorized: true
rows read from KV: 125,000 (21 MiB)

• sort
│ nodes: n1
│ actual row count: 9
│ estimated row count: 1,000
│ order: +secret
│
└── • hash join (semi)
    │ equality: (id) = (ride_id)
    │
    ├── • filter
    │   │ estimated row count: 333
    │   │ filter: owner = 'rosebud'
    │   │
    │   └── • scan
    │         nodes: n1, n2, n3
    │         actual row count: 125,000
    │         KV time: 1m2s
    │         KV contention time: 1.5ms
    │         estimated row count: 125,000 (100% of the table; stats collected 1 hour ago)
    │         table: rides@rides_pkey
    │         spans: FULL SCAN
    │
    └── • scan
          estimated row count: 1 (<0.01% of the table; stats collected 1 minute ago)
          table: users@users_name_idx
          spans: [/'rosebud' - /'rosebud']

index recommendations: 1
1. type: index creation
   SQL command: CREATE INDEX ON movr.public.rides (owner) STORING (revenue);";

    const POSTGRES: &str = "Hash Join  (cost=1.07..2.14 rows=3 width=40) (actual time=0.045..0.050 rows=3 loops=1)
  Hash Cond: (a.owner = 'rosebud'::text)
  ->  Seq Scan on accounts a  (cost=0.00..25.88 rows=6 width=40) (actual time=0.010..1.500 rows=4 loops=2)
        Filter: (owner = 'rosebud'::text)
        Rows Removed by Filter: 7
  ->  Hash  (cost=1.03..1.03 rows=3 width=4) (never executed)
        ->  Bitmap Heap Scan on \"My owners\" o  (cost=0.00..1.03 rows=3 width=4)
              ->  Bitmap Index Scan on owners_name  (cost=0.00..4.20 rows=6 width=0)
                    Index Cond: (name = 'rosebud'::text)
  ->  Index Only Scan Backward using owners_pkey on owners  (cost=0.15..8.17 rows=1 width=4)
Planning Time: 0.1 ms";

    fn steps(text: &str) -> Vec<(usize, String)> {
        let tree = tree(text.lines()).unwrap();
        assert!(!format!("{tree:?}").contains("rosebud"), "{tree:?}");
        tree.steps
            .iter()
            .map(|step| (step.depth, step.to_string()))
            .collect()
    }

    fn expected(steps: &[(usize, &str)]) -> Vec<(usize, String)> {
        steps
            .iter()
            .map(|(depth, step)| (*depth, (*step).to_owned()))
            .collect()
    }

    #[test]
    fn a_plan_of_cockroachdb_is_read_without_its_values() {
        assert_eq!(
            steps(COCKROACH),
            expected(&[
                (0, "sort, 9 rows (1000 expected)"),
                (1, "hash join (semi)"),
                (2, "filter, 333 rows expected"),
                (
                    3,
                    "scan rides@rides_pkey, whole, 125000 rows (125000 expected), 62.00s, 1.5ms waiting for other transactions"
                ),
                (2, "scan users@users_name_idx, 1 rows expected"),
            ])
        );
        let tree = tree(COCKROACH.lines()).unwrap();
        assert_eq!(
            tree.recommendations,
            ["CREATE INDEX ON movr.public.rides (owner) STORING (revenue)"]
        );
        // What a server gives as one row is the same.
        assert_eq!(super::tree([COCKROACH]), Some(tree));
    }

    #[test]
    fn a_plan_of_postgresql_is_read_without_its_values() {
        assert_eq!(
            steps(POSTGRES),
            expected(&[
                (0, "Hash Join, 3 rows (3 expected), 50us"),
                (1, "Seq Scan accounts, whole, 8 rows (6 expected), 3.0ms"),
                (1, "Hash, 3 rows expected"),
                (2, "Bitmap Heap Scan \"My owners\", 3 rows expected"),
                (3, "Bitmap Index Scan owners_name, 6 rows expected"),
                (1, "Index Only Scan owners@owners_pkey, 1 rows expected"),
            ])
        );
    }

    #[test]
    fn writes_name_their_table() {
        let text = "distribution: local\n\n• insert\n│ into: accounts(id, owner)\n│ auto commit\n│\n└── • values\n      size: 2 columns, 1 row";
        assert_eq!(
            steps(text),
            expected(&[(0, "insert accounts"), (1, "values")])
        );
        let text = "Update on accounts  (cost=0.15..8.17 rows=0 width=0)\n  ->  Seq Scan on accounts  (cost=0.15..8.17 rows=1 width=14)";
        assert_eq!(
            steps(text),
            expected(&[
                (0, "Update accounts, 0 rows expected"),
                (1, "Seq Scan accounts, whole, 1 rows expected")
            ])
        );
        assert_eq!(tree(["CREATE TABLE", ""]), None);
    }

    #[test]
    fn times_of_every_unit_are_read() {
        for (text, expected) in [
            ("604µs", 604e-6),
            ("1.2s", 1.2),
            ("1m22s", 82.0),
            ("1h0m1s", 3601.0),
            ("0µs", 0.0),
        ] {
            assert!((seconds(text).unwrap() - expected).abs() < 1e-9, "{text}");
        }
        assert_eq!(seconds("soon"), None);
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(lines in prop::collection::vec("[│└├─• >a-z:()0-9.,='\"@-]{0,30}|  ->  .{0,20}|.{0,10}• .{0,10}", 0..12)) {
            drop(tree(lines.iter().map(String::as_str)));
        }
    }
}
