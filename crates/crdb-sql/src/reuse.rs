//! Whether the answer of a statement may be given again.
//!
//! An answer may be reused only if it depends on nothing but the rows of tables that are known, the parameters, and who asks. What
//! cannot be shown to be so from the text is refused, with the reason.

mod functions;

use std::fmt;

use crate::dialect::ast::{
    BaseType, BinaryOperator, DataType, Expr, Field, Function, FunctionArguments, Literal,
    ObjectName, QuantifiedOperator, Query, Select, SpecialForm, Statement, StatementKind,
    TableSource, TableSourceKind, TypeKeyword, UnaryOperator,
};
use crate::dialect::facts::{Facts, StatementClass};
use crate::dialect::visit::{Descend, Visitor, walk};
use crate::dialect::{self, ParseError};
use crate::resolve::builtin_name;

/// What an answer depends on besides the parameters and who asks.
///
/// ```
/// use crdb_sql::reuse::Dependencies;
///
/// let found = Dependencies::of("SELECT sum(balance) FROM bank.accounts WHERE owner = $1")?;
/// assert_eq!(found.relations(), ["bank.accounts"]);
/// assert_eq!(found.functions(), ["sum"]);
///
/// let refused = Dependencies::of("SELECT number FROM accounts WHERE due < now()").unwrap_err();
/// assert_eq!(refused.to_string(), "it calls now(), which answers otherwise at another time");
/// # Ok::<(), crdb_sql::reuse::NotReusable>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dependencies {
    relations: Vec<String>,
    functions: Vec<String>,
    fields: Vec<String>,
}

impl Dependencies {
    /// What the answer of this statement depends on.
    ///
    /// # Errors
    /// Why an answer cannot be given again.
    pub fn of(text: &str) -> Result<Self, NotReusable> {
        Self::of_statement(&dialect::parse_one(text)?)
    }

    /// As [`of`](Self::of), of a statement that has been read.
    pub(crate) fn of_statement(statement: &Statement) -> Result<Self, NotReusable> {
        let StatementKind::Query(_) = &statement.kind else {
            return Err(NotReusable::because("it is not a query"));
        };
        Self::of_query(statement)
    }

    /// What the value of an expression depends on, such as the condition of a row policy.
    ///
    /// # Errors
    /// Why the value cannot be taken to be the same again.
    pub fn of_expression(text: &str) -> Result<Self, NotReusable> {
        // Parsed as part of a query, so that nothing but an expression fits.
        let statement = dialect::parse_one(&format!("SELECT ({text}\n)"))?;
        Self::of_query(&statement)
    }

    fn of_query(statement: &Statement) -> Result<Self, NotReusable> {
        let facts = Facts::of(statement);
        if facts.class != StatementClass::Read {
            return Err(NotReusable::because("it writes"));
        }
        if facts.locks {
            return Err(NotReusable::because("it locks the rows that it reads"));
        }
        if facts.in_the_past {
            return Err(NotReusable::because(
                "it chooses the time that it reads with AS OF SYSTEM TIME",
            ));
        }
        let mut look = Look::default();
        walk(statement, &mut look);
        if let Some(refusal) = look.refusal {
            return Err(refusal);
        }
        let mut found = Self {
            functions: look.functions,
            fields: look.fields,
            ..Self::default()
        };
        for table in facts.tables {
            found.add_relation(&table.name)?;
        }
        found.functions.sort_unstable();
        found.functions.dedup();
        found.fields.sort_unstable();
        found.fields.dedup();
        Ok(found)
    }

    fn add_relation(&mut self, name: &ObjectName) -> Result<(), NotReusable> {
        let schema = name.parts.len().checked_sub(2);
        let schema = schema.and_then(|at| name.parts.get(at));
        if let Some(schema) = schema.map(crate::dialect::ast::Ident::value)
            && SYSTEM_SCHEMAS.contains(&schema)
        {
            return Err(NotReusable::because(format!(
                "it reads {schema}, which shows the state of the server"
            )));
        }
        let name = name.to_string();
        if !self.relations.contains(&name) {
            self.relations.push(name);
        }
        Ok(())
    }

    /// The tables and views that it names, as they are written, each once.
    #[must_use]
    pub fn relations(&self) -> &[String] {
        &self.relations
    }

    /// The functions of the engines that it calls, sorted, each once. A function of the same name that the database defines may
    /// be meant instead, which only a server can tell.
    #[must_use]
    pub fn functions(&self) -> &[String] {
        &self.functions
    }

    /// What it names behind a dot, sorted, each once: columns, as a rule, but to PostgreSQL `t.f` may also be a function of rows of t.
    #[must_use]
    pub fn fields(&self) -> &[String] {
        &self.fields
    }
}

/// Schemas whose tables show the state of the server.
pub const SYSTEM_SCHEMAS: &[&str] = &[
    "pg_catalog",
    "information_schema",
    "crdb_internal",
    "pg_extension",
];

/// Why an answer cannot be given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotReusable {
    why: String,
}

impl NotReusable {
    fn because(why: impl Into<String>) -> Self {
        Self { why: why.into() }
    }
}

impl From<ParseError> for NotReusable {
    fn from(error: ParseError) -> Self {
        Self::because(format!("it cannot be read: {error}"))
    }
}

impl fmt::Display for NotReusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for NotReusable {}

#[derive(Default)]
struct Look {
    functions: Vec<String>,
    fields: Vec<String>,
    /// The first one found.
    refusal: Option<NotReusable>,
}

impl Look {
    fn refuse(&mut self, why: impl Into<String>) {
        self.refusal
            .get_or_insert_with(|| NotReusable::because(why));
    }

    fn call(&mut self, function: &Function) {
        let Some(name) = builtin_name(function) else {
            return self.refuse(format!(
                "it calls {}(), of which it is not known what it reads",
                function.name
            ));
        };
        let arguments = match &function.arguments {
            FunctionArguments::Star => 0,
            FunctionArguments::List(list)
            | FunctionArguments::All(list)
            | FunctionArguments::Distinct(list) => list.len(),
        };
        match functions::kind(name, arguments) {
            functions::Kind::Repeatable => self.functions.push(name.to_owned()),
            functions::Kind::OfTime => self.refuse(format!(
                "it calls {name}(), which answers otherwise at another time"
            )),
            functions::Kind::OfState => self.refuse(format!(
                "it calls {name}(), whose answer depends on more than its arguments"
            )),
            functions::Kind::Unknown => self.refuse(format!(
                "it calls {name}(), of which it is not known what it reads"
            )),
        }
    }

    fn keyword(&mut self, keyword: &str) {
        match keyword {
            "COALESCE" | "NULLIF" | "GREATEST" | "LEAST" | "IF" | "IFNULL" | "IFERROR"
            | "ISERROR" | "CURRENT_USER" | "SESSION_USER" | "USER" | "CURRENT_ROLE"
            | "CURRENT_CATALOG" | "CURRENT_SCHEMA" => {}
            other => self.refuse(format!(
                "it asks for {other}, which is otherwise at another time"
            )),
        }
    }

    /// A conversion to a time may be one of a text that says `now`.
    fn conversion(&mut self, operand: &Expr, data_type: &DataType) {
        match operand {
            Expr::Nested(inner) => self.conversion(inner, data_type),
            Expr::Placeholder(_) => {}
            _ if names_a_time_with_zone(data_type) => self.refuse(
                "it converts to TIMETZ, whose zone has the offset that it has on the day of the conversion",
            ),
            Expr::Cast {
                data_type: inner, ..
            }
            | Expr::Annotate {
                data_type: inner, ..
            } if names_a_time(data_type) && names_a_text(inner) => {
                self.refuse("it reads a text as a time, which may be `now`");
            }
            _ => {}
        }
    }

    /// A text that may be read as a time, wherever it stands: beside a column of a time it is one, and so it is in an array or a range.
    fn text(&mut self, text: &str) {
        let relative = text
            .split(|c: char| !c.is_ascii_alphabetic())
            .map(str::to_ascii_lowercase)
            .any(|word| matches!(&*word, "now" | "today" | "tomorrow" | "yesterday"));
        if relative {
            self.refuse(format!(
                "it has the text '{text}', which is otherwise at another time where it is read as a time; pass it as a parameter"
            ));
        }
    }

    fn field(&mut self, name: &str) {
        self.fields.push(name.to_owned());
    }

    fn operator(&mut self, qualified: &str) {
        self.refuse(format!(
            "it applies OPERATOR({qualified}), of which it is not known what it reads"
        ));
    }
}

impl<'t> Visitor<'t> for Look {
    fn statement(&mut self, statement: &'t Statement) -> Descend {
        if !matches!(statement.kind, StatementKind::Query(_)) {
            self.refuse("a statement within it is not a query");
        }
        Descend::Into
    }

    fn query(&mut self, _: &'t Query) -> Descend {
        Descend::Into
    }

    fn select(&mut self, _: &'t Select) {}

    fn source(&mut self, source: &'t TableSource) {
        match &source.kind {
            TableSourceKind::Statement(_) => self.refuse("a statement within it is not a query"),
            TableSourceKind::Table(table) if table.id.is_some() => {
                self.refuse("it names a table by its number");
            }
            _ => {}
        }
    }

    fn expr(&mut self, expr: &'t Expr) {
        match expr {
            Expr::Function(function) => self.call(function),
            Expr::Special(special) => match &**special {
                SpecialForm::Keyword { keyword, .. } => {
                    self.keyword(&keyword.as_str().to_ascii_uppercase());
                }
                SpecialForm::CollationFor(_)
                | SpecialForm::Extract { .. }
                | SpecialForm::Position { .. }
                | SpecialForm::Substring { .. }
                | SpecialForm::Overlay { .. }
                | SpecialForm::Trim { .. } => {}
            },
            Expr::Binary {
                operator: BinaryOperator::Qualified(name),
                ..
            }
            | Expr::Unary {
                operator: UnaryOperator::Qualified(name),
                ..
            }
            | Expr::Quantified {
                operator: QuantifiedOperator::Binary(BinaryOperator::Qualified(name)),
                ..
            } => self.operator(name),
            Expr::Cast {
                operand, data_type, ..
            }
            | Expr::Annotate {
                operand, data_type, ..
            } => self.conversion(operand, data_type),
            Expr::TypedLiteral { data_type, text } => {
                if names_a_time_with_zone(data_type) {
                    self.conversion(expr, data_type);
                }
                self.text(text);
            }
            Expr::Literal(Literal::String(text)) => self.text(text),
            Expr::Column(column) if !column.star => {
                if let [_, .., name] = column.parts.as_slice() {
                    self.field(name.value());
                }
            }
            Expr::Field {
                field: Field::Name(name),
                ..
            } => self.field(name.value()),
            _ => {}
        }
    }

    fn data_type(&mut self, data_type: &'t DataType) {
        // What a cast to it looks up: names of tables, functions and roles.
        if let BaseType::Named(name) = &data_type.base
            && name.name().starts_with("reg")
        {
            self.refuse(format!(
                "it looks a name up as {name}, which shows the state of the server"
            ));
        }
    }
}

fn names_a_time_with_zone(data_type: &DataType) -> bool {
    match &data_type.base {
        BaseType::Keyword { keyword, .. } => matches!(keyword, TypeKeyword::TimeTz),
        BaseType::Named(name) => name.name() == "timetz",
        _ => false,
    }
}

fn names_a_time(data_type: &DataType) -> bool {
    match &data_type.base {
        BaseType::Keyword { keyword, .. } => matches!(
            keyword,
            TypeKeyword::Time
                | TypeKeyword::TimeTz
                | TypeKeyword::Timestamp
                | TypeKeyword::TimestampTz
        ),
        BaseType::Named(name) => matches!(
            name.name(),
            "date" | "time" | "timetz" | "timestamp" | "timestamptz"
        ),
        _ => false,
    }
}

fn names_a_text(data_type: &DataType) -> bool {
    match &data_type.base {
        BaseType::Keyword { keyword, .. } => matches!(
            keyword,
            TypeKeyword::Char
                | TypeKeyword::CharVarying
                | TypeKeyword::Character
                | TypeKeyword::CharacterVarying
                | TypeKeyword::VarChar
                | TypeKeyword::String
        ),
        BaseType::Named(name) => matches!(name.name(), "text" | "name" | "citext" | "bpchar"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(text: &str) -> String {
        Dependencies::of(text).expect_err(text).to_string()
    }

    #[test]
    fn reads_of_tables_are_reusable_and_their_tables_known() {
        for (text, relations) in [
            ("SELECT a FROM t WHERE b = $1", &["t"][..]),
            (
                "WITH w AS (SELECT a FROM t) SELECT a FROM w JOIN s.u USING (a) ORDER BY a LIMIT 3",
                &["t", "s.u"],
            ),
            (
                "SELECT count(*), lower(max(a)), date_trunc('day', b) FROM t GROUP BY 3",
                &["t"],
            ),
            (
                "SELECT a FROM \"T\" WHERE EXISTS (SELECT 1 FROM u WHERE u.x = CURRENT_USER)",
                &["\"T\"", "u"],
            ),
            ("TABLE t", &["t"]),
            ("VALUES (1), (2)", &[]),
            ("SELECT a FROM t UNION ALL SELECT b FROM u", &["t", "u"]),
            (
                "SELECT age(a, b), a::DATE, $1::TIMESTAMPTZ, DATE '2026-01-01' FROM t",
                &["t"],
            ),
            ("SELECT x FROM generate_series(1, 3) AS g (x)", &[]),
            ("SELECT a FROM t WHERE note = 'nowhere'", &["t"]),
            ("SELECT $1::TIMETZ, a AT TIME ZONE 'UTC' FROM t", &["t"]),
            (
                "SELECT a FROM t WHERE a IN (WITH t AS (SELECT 1 AS a) SELECT a FROM t)",
                &["t"],
            ),
        ] {
            let found = Dependencies::of(text).expect(text);
            assert_eq!(found.relations(), relations, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_known_is_refused_with_its_reason() {
        for (text, reason) in [
            ("UPDATE t SET a = 1 RETURNING a", "not a query"),
            (
                "WITH w AS (DELETE FROM t RETURNING a) SELECT a FROM w",
                "it writes",
            ),
            (
                "SELECT a FROM [INSERT INTO t VALUES (1) RETURNING a]",
                "it writes",
            ),
            ("SELECT a FROM [SHOW TABLES]", "not a query"),
            ("SHOW TABLES", "not a query"),
            ("EXPLAIN SELECT 1", "not a query"),
            ("SELECT 1; SELECT 2", "cannot be read"),
            ("SELECT a FROM t FOR UPDATE", "locks"),
            (
                "SELECT a FROM t AS OF SYSTEM TIME '-1s'",
                "chooses the time",
            ),
            ("SELECT now()", "now(), which answers otherwise"),
            ("SELECT a FROM t WHERE b > CURRENT_DATE", "CURRENT_DATE"),
            ("SELECT LOCALTIMESTAMP", "LOCALTIMESTAMP"),
            ("SELECT age(a) FROM t", "age(), which answers otherwise"),
            ("SELECT random()", "more than its arguments"),
            ("SELECT gen_random_uuid()", "more than its arguments"),
            ("SELECT nextval('s')", "more than its arguments"),
            (
                "SELECT current_setting('app.tenant')",
                "more than its arguments",
            ),
            ("SELECT pg_sleep(1)", "more than its arguments"),
            ("SELECT my_function(a) FROM t", "not known what it reads"),
            ("SELECT app.lower(a) FROM t", "app.lower()"),
            ("SELECT x FROM my_rows(1) AS r (x)", "my_rows()"),
            ("SELECT a OPERATOR(app.+) b FROM t", "OPERATOR"),
            ("SELECT 'now'::TIMESTAMPTZ", "'now', which"),
            ("SELECT CAST('today' AS DATE)", "'today', which"),
            ("SELECT TIMESTAMP 'tomorrow'", "'tomorrow', which"),
            ("SELECT DATE 'yesterday'", "'yesterday', which"),
            ("SELECT a FROM t WHERE at < 'now'", "'now', which"),
            (
                "SELECT a FROM t WHERE at < 'Today 10:00 UTC'",
                "10:00 UTC', which",
            ),
            ("SELECT a FROM t WHERE at = ANY ('{now}')", "'{now}', which"),
            (
                "SELECT a FROM t WHERE '[yesterday,now)' @> at",
                "now)', which",
            ),
            ("SELECT '[now,)'::tstzrange", "'[now,)', which"),
            ("SELECT coalesce(a, 'now') FROM t", "'now', which"),
            ("SELECT TIMETZ '10:00 Europe/Berlin'", "TIMETZ"),
            ("SELECT (a)::TIMETZ FROM t", "TIMETZ"),
            ("SELECT a FROM t TABLESAMPLE SYSTEM (10)", "cannot be read"),
            ("SELECT $1::STRING::DATE", "a text as a time"),
            ("SELECT a FROM pg_catalog.pg_class", "state of the server"),
            ("SELECT a FROM crdb_internal.jobs", "state of the server"),
            (
                "SELECT a FROM bank.information_schema.tables",
                "state of the server",
            ),
            ("SELECT 't'::regclass", "looks a name up"),
            ("SELECT a FROM [53 AS t]", "by its number"),
        ] {
            let found = why(text);
            assert!(found.contains(reason), "{text}: {found}");
        }
    }

    #[test]
    fn what_stands_behind_a_dot_is_known() {
        let found = Dependencies::of("SELECT t.a, (t.b).c, d, u.* FROM t, s.u ORDER BY s.u.e");
        assert_eq!(found.unwrap().fields(), ["a", "b", "c", "e"]);
    }

    #[test]
    fn a_policy_is_an_expression_and_nothing_else() {
        let found = Dependencies::of_expression("owner = CURRENT_USER").unwrap();
        assert!(found.relations().is_empty());
        let found =
            Dependencies::of_expression("EXISTS (SELECT 1 FROM member m WHERE m.x = owner)");
        assert_eq!(found.unwrap().relations(), ["member"]);
        let refused = Dependencies::of_expression("tenant = current_setting('app.tenant')");
        assert!(refused.is_err());
        assert!(Dependencies::of_expression("true); SELECT (now()").is_err());
        assert!(Dependencies::of_expression("true -- ").is_ok());
    }
}
