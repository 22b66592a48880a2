//! What a lint, a retry policy or a router asks of a statement.

use std::collections::{HashMap, HashSet};

use super::ast::{
    ColumnRef, Cte, Expr, Limit, ObjectName, Placeholder, Query, QueryBody, Returning, Select,
    SelectItem, Statement, StatementKind, UtilityKind, With,
};
use super::span::Span;
use super::visit::{Descend, TableUse, Visitor, walk};

/// What kind of work a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StatementClass {
    /// Reads rows, or what the server knows about itself.
    Read,
    /// Writes rows.
    Write,
    /// Makes, changes or drops what rows live in, or says who may use it.
    Ddl,
    /// Begins, ends or parts a transaction.
    Transaction,
    /// Sets up the session, runs jobs, copies, prepares: all else.
    Other,
}

/// A table that a statement names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableMention {
    /// Its name.
    pub name: ObjectName,
    /// What is done to it.
    pub usage: TableUse,
}

/// What is known of a statement without a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Facts {
    /// What kind of work it does: what writes anywhere inside writes.
    pub class: StatementClass,
    /// The tables it names, in order, common table expressions left out.
    pub tables: Vec<TableMention>,
    /// For `UPDATE` and `DELETE`: whether it has a `WHERE`. For others: whether its outermost select has.
    pub has_filter: bool,
    /// Whether it is an `UPDATE` or `DELETE`, so that a missing filter means all rows.
    pub changes_rows: bool,
    /// Whether the outermost query, `UPDATE` or `DELETE` is limited (`LIMIT ALL` is no limit).
    pub has_limit: bool,
    /// Whether it is ordered.
    pub has_order: bool,
    /// Whether it leaves out rows with `OFFSET`.
    pub has_offset: bool,
    /// Each `*` and `t.*` among the columns of a select or of `RETURNING`, at any depth; not `count(*)`, nor the select of
    /// an `EXISTS`.
    pub stars: Vec<Span>,
    /// Each placeholder, in order, as often as it is used.
    pub placeholders: Vec<Placeholder>,
    /// Whether it returns rows: a query, `SHOW`, `EXPLAIN`, or a write with `RETURNING`.
    pub returns_rows: bool,
    /// Whether it reads in the past: `AS OF SYSTEM TIME`.
    pub in_the_past: bool,
    /// Whether it locks what it reads: `FOR UPDATE`.
    pub locks: bool,
}

impl Facts {
    /// What is known of a statement.
    #[must_use]
    pub fn of(statement: &Statement) -> Self {
        let mut collect = Collect {
            facts: Self {
                class: class_of(&statement.kind),
                tables: Vec::new(),
                has_filter: false,
                changes_rows: false,
                has_limit: false,
                has_order: false,
                has_offset: false,
                stars: Vec::new(),
                placeholders: Vec::new(),
                returns_rows: returns_rows(&statement.kind),
                in_the_past: false,
                locks: false,
            },
            ctes: HashMap::new(),
            explained: matches!(&statement.kind, StatementKind::Explain(explain) if !explain.analyze),
            tested: HashSet::new(),
        };
        walk(statement, &mut collect);
        let mut facts = collect.facts;
        facts.outermost(&statement.kind);
        facts
    }

    /// What is asked of the outermost statement only.
    fn outermost(&mut self, kind: &StatementKind) {
        match kind {
            StatementKind::Query(query) => self.outermost_query(query),
            StatementKind::Update(update) => {
                self.changes_rows = true;
                self.has_filter = update.filter.is_some();
                self.has_limit = limits(update.limit.as_ref());
                self.has_order = !update.order_by.is_empty();
            }
            StatementKind::Delete(delete) => {
                self.changes_rows = true;
                self.has_filter = delete.filter.is_some();
                self.has_limit = limits(delete.limit.as_ref());
                self.has_order = !delete.order_by.is_empty();
            }
            StatementKind::Explain(explain) => self.outermost(&explain.statement.kind),
            StatementKind::Prepare(prepare) => self.outermost(&prepare.statement.kind),
            _ => {}
        }
    }

    fn outermost_query(&mut self, query: &Query) {
        self.has_limit |= limits(query.limit.as_ref());
        self.has_order |= !query.order_by.is_empty();
        self.has_offset |= query.offset.is_some();
        match &query.body {
            QueryBody::Select(select) => self.has_filter = select.filter.is_some(),
            QueryBody::Nested(inner) => self.outermost_query(inner),
            _ => {}
        }
    }
}

fn limits(limit: Option<&Limit>) -> bool {
    matches!(limit, Some(Limit::Count(_) | Limit::Fetch(_)))
}

fn class_of(kind: &StatementKind) -> StatementClass {
    match kind {
        StatementKind::Query(_) => StatementClass::Read,
        StatementKind::Insert(_)
        | StatementKind::Update(_)
        | StatementKind::Delete(_)
        | StatementKind::Truncate(_) => StatementClass::Write,
        StatementKind::CreateTable(_)
        | StatementKind::CreateIndex(_)
        | StatementKind::CreateView(_)
        | StatementKind::CreateSequence(_)
        | StatementKind::CreateType(_)
        | StatementKind::CreateRoutine(_)
        | StatementKind::AlterTable(_)
        | StatementKind::Drop(_) => StatementClass::Ddl,
        StatementKind::Transaction(_) => StatementClass::Transaction,
        StatementKind::Set(_) | StatementKind::Prepare(_) | StatementKind::Execute(_) => {
            StatementClass::Other
        }
        StatementKind::Explain(explain) if explain.analyze => class_of(&explain.statement.kind),
        StatementKind::Explain(_) => StatementClass::Read,
        StatementKind::Utility(utility) => match utility.kind {
            UtilityKind::Show => StatementClass::Read,
            UtilityKind::Alter
            | UtilityKind::ConfigureZone
            | UtilityKind::Ranges
            | UtilityKind::Create
            | UtilityKind::Drop
            | UtilityKind::Grant
            | UtilityKind::Revoke
            | UtilityKind::Role
            | UtilityKind::Comment
            | UtilityKind::Refresh => StatementClass::Ddl,
            _ => StatementClass::Other,
        },
    }
}

fn returns_rows(kind: &StatementKind) -> bool {
    match kind {
        StatementKind::Query(_) | StatementKind::Explain(_) => true,
        StatementKind::Insert(insert) => matches!(insert.returning, Some(Returning::Items(_))),
        StatementKind::Update(update) => matches!(update.returning, Some(Returning::Items(_))),
        StatementKind::Delete(delete) => matches!(delete.returning, Some(Returning::Items(_))),
        StatementKind::Utility(utility) => {
            matches!(
                utility.kind,
                UtilityKind::Show | UtilityKind::Export | UtilityKind::Backup | UtilityKind::Import
            )
        }
        _ => false,
    }
}

struct Collect {
    facts: Facts,
    /// Names of the common table expressions in sight, and how many of them have one.
    ctes: HashMap<Box<str>, usize>,
    /// Whether it is only explained.
    explained: bool,
    /// Where the selects begin that `EXISTS` only tests for rows.
    tested: HashSet<u32>,
}

impl Collect {
    /// Brings the names of `WITH RECURSIVE` into sight, which see each other.
    fn enter(&mut self, with: Option<&With>) {
        if let Some(with) = with.filter(|with| with.recursive) {
            with.ctes.iter().for_each(|cte| self.see(cte));
        }
    }

    fn see(&mut self, cte: &Cte) {
        *self.ctes.entry(cte.name.value().into()).or_default() += 1;
    }

    /// Behind what a WITH belongs to its names mean tables again.
    fn leave(&mut self, with: Option<&With>) {
        for cte in with.iter().flat_map(|with| &with.ctes) {
            // Of a recursive one the name was seen twice.
            let seen = if with.is_some_and(|with| with.recursive) {
                2
            } else {
                1
            };
            if let Some(count) = self.ctes.get_mut(cte.name.value()) {
                *count = count.saturating_sub(seen);
            }
        }
    }

    fn stars(&mut self, items: &[SelectItem]) {
        for item in items {
            match item {
                SelectItem::Star(span) => self.facts.stars.push(*span),
                SelectItem::Expr {
                    expr:
                        Expr::Column(ColumnRef {
                            star: true, span, ..
                        }),
                    ..
                } => {
                    self.facts.stars.push(*span);
                }
                SelectItem::Expr { .. } => {}
            }
        }
    }
}

impl<'t> Visitor<'t> for Collect {
    fn statement(&mut self, statement: &'t Statement) -> Descend {
        if class_of(&statement.kind) == StatementClass::Write
            && self.facts.class == StatementClass::Read
            && !self.explained
        {
            self.facts.class = StatementClass::Write;
        }
        let (with, returning) = match &statement.kind {
            StatementKind::Insert(insert) => (&insert.with, &insert.returning),
            StatementKind::Update(update) => (&update.with, &update.returning),
            StatementKind::Delete(delete) => (&delete.with, &delete.returning),
            _ => return Descend::Into,
        };
        self.enter(with.as_ref());
        if let Some(Returning::Items(items)) = returning {
            self.stars(items);
        }
        Descend::Into
    }

    fn query(&mut self, query: &'t Query) -> Descend {
        self.enter(query.with.as_ref());
        self.facts.locks |= !query.locking.is_empty();
        Descend::Into
    }

    fn leave_cte(&mut self, cte: &'t Cte) {
        self.see(cte);
    }

    fn leave_query(&mut self, query: &'t Query) {
        self.leave(query.with.as_ref());
    }

    fn leave_statement(&mut self, statement: &'t Statement) {
        let with = match &statement.kind {
            StatementKind::Insert(insert) => &insert.with,
            StatementKind::Update(update) => &update.with,
            StatementKind::Delete(delete) => &delete.with,
            _ => return,
        };
        self.leave(with.as_ref());
    }

    fn select(&mut self, select: &'t Select) {
        self.facts.in_the_past |= select.as_of.is_some();
        if !self.tested.contains(&select.span.start) {
            self.stars(&select.items);
        }
    }

    fn table(&mut self, name: &'t ObjectName, usage: TableUse) {
        let is_cte =
            name.parts.len() == 1 && self.ctes.get(name.name()).is_some_and(|count| *count > 0);
        if !(is_cte && usage == TableUse::Read) {
            self.facts.tables.push(TableMention {
                name: name.clone(),
                usage,
            });
        }
    }

    fn expr(&mut self, expr: &'t Expr) {
        match expr {
            Expr::Placeholder(placeholder) => self.facts.placeholders.push(placeholder.clone()),
            Expr::Exists(query) => {
                if let QueryBody::Select(select) = &query.body {
                    self.tested.insert(select.span.start);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse_one;
    use super::*;

    fn facts(sql: &str) -> Facts {
        Facts::of(&parse_one(sql).unwrap())
    }

    fn tables(sql: &str) -> Vec<(String, TableUse)> {
        facts(sql)
            .tables
            .into_iter()
            .map(|table| (table.name.to_string(), table.usage))
            .collect()
    }

    #[test]
    fn what_writes_anywhere_inside_writes() {
        for (sql, class) in [
            ("SELECT 1", StatementClass::Read),
            ("SHOW TABLES", StatementClass::Read),
            ("EXPLAIN DELETE FROM a", StatementClass::Read),
            ("EXPLAIN ANALYZE DELETE FROM a", StatementClass::Write),
            (
                "WITH a AS (INSERT INTO b VALUES (1) RETURNING c) SELECT c FROM a",
                StatementClass::Write,
            ),
            (
                "SELECT * FROM [DELETE FROM a RETURNING b]",
                StatementClass::Write,
            ),
            ("UPSERT INTO a VALUES (1)", StatementClass::Write),
            ("CREATE INDEX ON a (b)", StatementClass::Ddl),
            ("GRANT SELECT ON a TO b", StatementClass::Ddl),
            ("BEGIN", StatementClass::Transaction),
            ("SET a = 1", StatementClass::Other),
        ] {
            assert_eq!(facts(sql).class, class, "{sql}");
        }
    }

    #[test]
    fn tables_are_told_from_common_table_expressions() {
        assert_eq!(
            tables(
                "WITH c AS (SELECT 1 FROM a) INSERT INTO b SELECT * FROM c JOIN public.d ON true"
            ),
            [
                ("a".to_owned(), TableUse::Read),
                ("b".to_owned(), TableUse::Write),
                ("public.d".to_owned(), TableUse::Read)
            ]
        );
        // A name of WITH is one only where it can be seen.
        let read = |name: &str| (name.to_owned(), TableUse::Read);
        assert_eq!(
            tables("WITH a AS (SELECT 1 FROM a) SELECT 1 FROM a"),
            [read("a")]
        );
        assert_eq!(
            tables("SELECT 1 FROM (WITH a AS (SELECT 1) SELECT 1 FROM a) b, a"),
            [read("a")]
        );
        assert_eq!(
            tables("WITH RECURSIVE a AS (SELECT 1 FROM b UNION SELECT 1 FROM a) SELECT 1 FROM a"),
            [read("b")]
        );
        assert_eq!(
            tables("DROP INDEX a@b"),
            [("a".to_owned(), TableUse::Define)]
        );
    }

    #[test]
    fn filters_limits_and_order_are_those_of_the_outermost() {
        let all = facts("DELETE FROM a");
        assert!(all.changes_rows && !all.has_filter);
        assert!(facts("UPDATE a SET b = 1 WHERE c = 2 LIMIT 3").has_limit);
        let page = facts("SELECT a FROM b ORDER BY c LIMIT 1 OFFSET 2");
        assert!(page.has_order && page.has_limit && page.has_offset && !page.has_filter);
        assert!(!facts("SELECT a FROM (SELECT b FROM c WHERE d LIMIT 1)").has_limit);
        assert!(!facts("SELECT a FROM b LIMIT ALL").has_limit);
        assert!(facts("(SELECT a FROM b) LIMIT 1").has_limit);
    }

    #[test]
    fn stars_are_found_where_they_name_columns() {
        let found = |sql: &str| {
            facts(sql)
                .stars
                .iter()
                .map(|span| span.text(sql).to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(found("SELECT *, a.* FROM a"), ["*", "a.*"]);
        assert_eq!(
            found("SELECT count(*) FROM a WHERE EXISTS (SELECT * FROM b)"),
            [""; 0]
        );
        assert_eq!(found("INSERT INTO a VALUES (1) RETURNING *"), ["*"]);
        assert_eq!(found("SELECT b FROM (SELECT * FROM a)"), ["*"]);
    }

    #[test]
    fn placeholders_are_listed_in_order() {
        let sql = "SELECT $2 FROM a WHERE b = $1 AND c IN ($2, $3) LIMIT $4";
        let found: Vec<_> = facts(sql)
            .placeholders
            .iter()
            .map(|found| found.span().text(sql).to_owned())
            .collect();
        assert_eq!(found, ["$2", "$1", "$2", "$3", "$4"]);
    }
}
