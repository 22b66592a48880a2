//! Random queries over the schema: joins of every kind, groups, windows, subqueries, set operations.

use std::fmt::Write as _;

/// The type of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Int,
    Text,
    Bool,
}

use Type::{Bool, Int, Text};

type Columns = Vec<(String, Type)>;

/// A source of rows in sight: what qualifies its columns, and the columns.
#[derive(Debug, Clone)]
struct Source {
    alias: String,
    columns: Columns,
}

const TABLES: &[(&str, &[(&str, Type)])] = &[
    (
        "a",
        &[
            ("id", Int),
            ("n", Int),
            ("m", Int),
            ("s", Text),
            ("o", Text),
        ],
    ),
    ("b", &[("id", Int), ("a_id", Int), ("n", Int), ("o", Text)]),
    ("c", &[("id", Int), ("n", Int), ("s", Text)]),
    (
        "other.a",
        &[
            ("id", Int),
            ("n", Int),
            ("m", Int),
            ("s", Text),
            ("o", Text),
        ],
    ),
];

/// Makes queries, the same ones for the same seed.
#[derive(Debug)]
pub(crate) struct Queries {
    state: u64,
    names: usize,
}

impl Queries {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            state: seed,
            names: 0,
        }
    }

    /// A query and the number of its columns.
    pub(crate) fn next(&mut self) -> (String, usize) {
        self.names = 0;
        let (sql, columns) = self.query(2, &[]);
        (sql, columns.len())
    }

    fn below(&mut self, bound: usize) -> usize {
        // xorshift64*
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let value = self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(value).unwrap_or(0) % bound
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let index = self.below(from.len());
        from.get(index).unwrap()
    }

    fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    /// `depth` bounds the nesting, `outer` are the sources of the queries around it.
    fn query(&mut self, depth: usize, outer: &[Source]) -> (String, Columns) {
        if depth > 0 && self.one_in(6) {
            return self.with(depth, outer);
        }
        if depth > 0 && self.one_in(5) {
            let operator = *self.pick(&["UNION ALL", "UNION", "EXCEPT", "INTERSECT"]);
            let types: Vec<Type> = (0..=self.below(2)).map(|_| self.any_type()).collect();
            let (left, columns) = self.select(depth - 1, outer, Some(&types));
            let (right, _) = self.select(depth - 1, outer, Some(&types));
            return (format!("{left} {operator} {right}"), columns);
        }
        self.select(depth, outer, None)
    }

    fn with(&mut self, depth: usize, outer: &[Source]) -> (String, Columns) {
        let name = self.name("w");
        let (inner, columns) = self.query(depth - 1, outer);
        let renamed: Columns = columns
            .iter()
            .map(|(_, kind)| (self.name("k"), *kind))
            .collect();
        let names: Vec<&str> = renamed.iter().map(|(name, _)| name.as_str()).collect();
        let source = Source {
            alias: name.clone(),
            columns: renamed.clone(),
        };
        let kind = *self.pick(&["LEFT", "RIGHT", "FULL"]);
        let (from, mut sources) = self.table();
        let joined = if self.one_in(2) {
            sources.insert(0, source);
            format!("{name} {kind} JOIN {from} ON {}", self.equal(&sources))
        } else {
            sources = vec![source];
            name.clone()
        };
        let (items, result) = self.items(0, &sources, outer, None);
        let sql = format!(
            "WITH {name} ({}) AS ({inner}) SELECT {items} FROM {joined}",
            names.join(", ")
        );
        (sql, result)
    }

    fn any_type(&mut self) -> Type {
        *self.pick(&[Int, Int, Text, Bool])
    }

    fn select(
        &mut self,
        depth: usize,
        outer: &[Source],
        types: Option<&[Type]>,
    ) -> (String, Columns) {
        let (from, sources) = self.from(depth, outer);
        if types.is_none() && self.one_in(8) {
            let width: usize = sources.iter().map(|source| source.columns.len()).sum();
            // Two columns may have one name, which only an alias list tells apart.
            let columns = sources
                .iter()
                .flat_map(|source| source.columns.iter())
                .map(|(_, kind)| (String::new(), *kind))
                .take(width)
                .collect();
            let list: Vec<String> = sources
                .iter()
                .map(|source| format!("{}.*", source.alias))
                .collect();
            return (format!("SELECT {} FROM {from}", list.join(", ")), columns);
        }
        if types.is_none() && self.one_in(4) {
            return self.grouped(&from, &sources);
        }
        let distinct = if self.one_in(8) { "DISTINCT " } else { "" };
        let (items, columns) = self.items(depth, &sources, outer, types);
        let mut sql = format!("SELECT {distinct}{items} FROM {from}");
        if self.one_in(3) {
            let _written = write!(sql, " WHERE {}", self.expr(Bool, depth, &sources, outer));
        }
        (sql, columns)
    }

    fn items(
        &mut self,
        depth: usize,
        sources: &[Source],
        outer: &[Source],
        types: Option<&[Type]>,
    ) -> (String, Columns) {
        let own: Vec<Type> = (0..=self.below(3)).map(|_| self.any_type()).collect();
        let mut columns = Vec::new();
        let mut items = Vec::new();
        for kind in types.unwrap_or(&own) {
            let label = self.name("r");
            let value = if self.one_in(5) {
                self.window(*kind, sources)
            } else {
                self.expr(*kind, depth, sources, outer)
            };
            items.push(format!("{value} AS {label}"));
            columns.push((label, *kind));
        }
        (items.join(", "), columns)
    }

    fn grouped(&mut self, from: &str, sources: &[Source]) -> (String, Columns) {
        let keys: Vec<String> = (0..=self.below(2))
            .map(|_| self.column(Int, sources))
            .collect();
        let list = keys.join(", ");
        let by = match self.below(5) {
            0 => format!("ROLLUP ({list})"),
            1 => format!("CUBE ({list})"),
            2 => String::new(),
            _ => list.clone(),
        };
        let mut items = Vec::new();
        let mut columns = Vec::new();
        if !by.is_empty() {
            for key in &keys {
                let label = self.name("r");
                items.push(format!("{key} AS {label}"));
                columns.push((label, Int));
            }
        }
        for _ in 0..=self.below(2) {
            let column = self.column(Int, sources);
            let filter = if self.one_in(3) {
                let condition = self.column(Int, sources);
                format!(" FILTER (WHERE {condition} > 10)")
            } else {
                String::new()
            };
            let (call, kind) = match self.below(6) {
                0 => (format!("count(*){filter}"), Int),
                1 => (format!("count({column}){filter}"), Int),
                2 => (format!("max({column}){filter} + 1"), Int),
                3 => (format!("bool_or({column} > 3){filter}"), Bool),
                4 => (format!("count(*){filter} / NULLIF(count(*), 0)"), Int),
                _ => (format!("coalesce(min({column}){filter}, 0)"), Int),
            };
            let label = self.name("r");
            items.push(format!("{call} AS {label}"));
            columns.push((label, kind));
        }
        let mut sql = format!("SELECT {} FROM {from}", items.join(", "));
        if !by.is_empty() {
            let _written = write!(sql, " GROUP BY {by}");
        }
        if self.one_in(5) {
            sql.push_str(" HAVING count(*) > 1");
        }
        (sql, columns)
    }

    fn table(&mut self) -> (String, Vec<Source>) {
        let (table, columns) = self.pick(TABLES);
        let alias = self.name("t");
        let mut columns: Columns = columns
            .iter()
            .map(|(name, kind)| ((*name).to_owned(), *kind))
            .collect();
        let mut list = String::new();
        if self.one_in(5) {
            for (name, _) in columns.iter_mut().take(2) {
                *name = self.name("k");
            }
            let first: Vec<&str> = columns
                .iter()
                .take(2)
                .map(|(name, _)| name.as_str())
                .collect();
            list = format!(" ({})", first.join(", "));
        }
        let sql = format!("{table} AS {alias}{list}");
        (sql, vec![Source { alias, columns }])
    }

    fn source(&mut self, depth: usize, outer: &[Source]) -> (String, Vec<Source>) {
        let alias = self.name("t");
        if depth > 0 && self.one_in(3) {
            let (inner, columns) = self.query(depth - 1, outer);
            let columns: Columns = columns
                .iter()
                .map(|(_, kind)| (self.name("k"), *kind))
                .collect();
            let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
            let sql = format!("({inner}) AS {alias} ({})", names.join(", "));
            return (sql, vec![Source { alias, columns }]);
        }
        if self.one_in(6) {
            let columns = vec![(self.name("k"), Int), (self.name("k"), Text)];
            let (first, second) = (&columns[0].0, &columns[1].0);
            let sql = format!(
                "(VALUES (1, 'x'), (2, {})) AS {alias} ({first}, {second})",
                self.pick(&["NULL", "''"])
            );
            return (sql, vec![Source { alias, columns }]);
        }
        match self.below(10) {
            0 => self.merged(alias),
            1 => self.rows_of_function(alias),
            _ => self.table(),
        }
    }

    /// A join whose common columns become one.
    fn merged(&mut self, alias: String) -> (String, Vec<Source>) {
        let ((left, left_columns), (right, right_columns)) = (self.pick(TABLES), self.pick(TABLES));
        let kind = *self.pick(&["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"]);
        let natural = self.one_in(2);
        let common = |name: &str| {
            let both = left_columns
                .iter()
                .chain(*right_columns)
                .filter(|(column, _)| *column == name);
            both.count() == 2 && (natural || name == "id")
        };
        let join = if natural {
            format!("{left} x NATURAL {kind} {right} y")
        } else {
            format!("{left} x {kind} {right} y USING (id)")
        };
        let merged = left_columns.iter().filter(|(name, _)| common(name));
        let rest = left_columns
            .iter()
            .chain(*right_columns)
            .filter(|(name, _)| !common(name));
        let columns: Columns = merged
            .chain(rest)
            .map(|(_, kind)| (self.name("k"), *kind))
            .collect();
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let sql = format!("(SELECT * FROM {join}) AS {alias} ({})", names.join(", "));
        (sql, vec![Source { alias, columns }])
    }

    fn rows_of_function(&mut self, alias: String) -> (String, Vec<Source>) {
        let columns = vec![(self.name("k"), Int), (self.name("k"), Int)];
        let call = *self.pick(&["generate_series(1, 2)", "unnest(ARRAY[1, NULL]::INT8[])"]);
        let (value, number) = (&columns[0].0, &columns[1].0);
        let sql = format!("{call} WITH ORDINALITY AS {alias} ({value}, {number})");
        (sql, vec![Source { alias, columns }])
    }

    fn from(&mut self, depth: usize, outer: &[Source]) -> (String, Vec<Source>) {
        let (mut sql, mut sources) = self.source(depth, outer);
        for _ in 0..self.below(3) {
            let before = sources.len();
            if depth > 0 && self.one_in(6) {
                let alias = self.name("t");
                let (inner, columns) = self.items(0, &sources, outer, None);
                let kind = *self.pick(&["CROSS JOIN", "LEFT JOIN"]);
                let on = if kind == "LEFT JOIN" { " ON false" } else { "" };
                sql = format!("{sql} {kind} LATERAL (SELECT {inner}) AS {alias}{on}");
                sources.push(Source { alias, columns });
                continue;
            }
            let (right, more) = self.source(depth, outer);
            sources.extend(more);
            let kind = *self.pick(&["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN"]);
            let nested = self.one_in(4);
            sql = match kind {
                "CROSS JOIN" => format!("{sql} CROSS JOIN {right}"),
                _ => {
                    let on = self.equal_between(&sources, before);
                    format!("{sql} {kind} {right} ON {on}")
                }
            };
            if nested {
                sql = format!("({sql})");
            }
        }
        (sql, sources)
    }

    fn equal(&mut self, sources: &[Source]) -> String {
        self.equal_between(sources, 1)
    }

    /// A condition that FULL JOIN takes too: a column of one side equals one of the other.
    fn equal_between(&mut self, sources: &[Source], split: usize) -> String {
        let (left, right) = sources.split_at(split);
        match (self.find_column(Int, left), self.find_column(Int, right)) {
            (Some(left), Some(right)) => format!("{left} = {right}"),
            _ => "true".to_owned(),
        }
    }

    fn find_column(&mut self, kind: Type, sources: &[Source]) -> Option<String> {
        let all: Vec<String> = sources
            .iter()
            .flat_map(|source| {
                let columns = source
                    .columns
                    .iter()
                    .filter(|(name, t)| *t == kind && !name.is_empty());
                columns.map(|(name, _)| format!("{}.{name}", source.alias))
            })
            .collect();
        (!all.is_empty()).then(|| self.pick(&all).clone())
    }

    fn column(&mut self, kind: Type, sources: &[Source]) -> String {
        let literal = match kind {
            Int => "7",
            Text => "'x'",
            Bool => "true",
        };
        self.find_column(kind, sources)
            .unwrap_or_else(|| format!("(SELECT {literal})"))
    }

    fn window(&mut self, kind: Type, sources: &[Source]) -> String {
        let column = self.column(kind, sources);
        let by = self.column(Int, sources);
        let over = format!("OVER (ORDER BY {by})");
        match (kind, self.below(5)) {
            (Int, 0) => format!("row_number() {over} - lag({column}) {over}"),
            (Int, 1) => format!("row_number() {over}"),
            (Int, 2) => format!(
                "max({column}) OVER (ORDER BY {by} ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING)"
            ),
            (Int, 3) => format!("count({column}) {over}"),
            (_, 4) => format!("first_value({column}) {over}"),
            _ => format!("lead({column}) {over}"),
        }
    }

    fn expr(&mut self, kind: Type, depth: usize, sources: &[Source], outer: &[Source]) -> String {
        let leaf = depth == 0 || self.one_in(3);
        if leaf {
            return match self.below(8) {
                0 => match kind {
                    Int => "42".to_owned(),
                    Text => "'t'".to_owned(),
                    Bool => "false".to_owned(),
                },
                1 => match kind {
                    Int => "NULL::INT8".to_owned(),
                    Text => "NULL::TEXT".to_owned(),
                    Bool => "NULL::BOOL".to_owned(),
                },
                2 if !outer.is_empty() => self.column(kind, outer),
                _ => self.column(kind, sources),
            };
        }
        let depth = depth - 1;
        let choice = self.below(12);
        if choice == 0 {
            return self.subquery(kind, depth, sources, outer);
        }
        if kind == Bool && choice < 3 {
            let query = self.one_column(Int, depth, sources, outer);
            let int = self.expr(Int, depth, sources, outer);
            return match choice {
                1 => format!("({int} IN ({query}))"),
                _ => format!("EXISTS ({query})"),
            };
        }
        let last = self.below(8);
        let mut sub = |kind: Type| self.expr(kind, depth, sources, outer);
        match (choice, kind, last) {
            (1, ..) => format!("coalesce({}, {})", sub(kind), sub(kind)),
            (2, ..) => format!("NULLIF({}, {})", sub(kind), sub(kind)),
            (3, ..) => format!("CASE WHEN {} THEN {} END", sub(Bool), sub(kind)),
            (4, ..) => format!(
                "CASE WHEN {} THEN {} ELSE {} END",
                sub(Bool),
                sub(kind),
                sub(kind)
            ),
            (5, ..) => format!("({})", sub(kind)),
            (_, Int, 0) => format!("({} + {})", sub(Int), sub(Int)),
            (_, Int, 1) => format!("(-{})", sub(Int)),
            (_, Int, 2) => format!("length({})::INT8", sub(Text)),
            (_, Int, 3) => format!("greatest({}, {})", sub(Int), sub(Int)),
            (_, Int, 4) => "(SELECT count(*) FROM c)".to_owned(),
            (_, Int, 5) => format!("(ARRAY[{}, {}])[2]", sub(Int), sub(Int)),
            (_, Int, _) => format!("({} * 2)", sub(Int)),
            (_, Text, 0) => format!("({} || 'x')", sub(Text)),
            (_, Text, 1) => format!("{}::TEXT", sub(Int)),
            (_, Text, 2) => format!("upper({})", sub(Text)),
            (_, Text, 3) => format!("('{{\"x\": null}}'::JSONB ->> {})", sub(Text)),
            (_, Text, _) => format!("concat({}, 'x')", sub(Text)),
            (_, Bool, 0) => format!("({} IS NULL)", sub(Int)),
            (_, Bool, 1) => format!("({} IN (1, {}))", sub(Int), sub(Int)),
            (_, Bool, 2) => format!("({} = {} AND {})", sub(Int), sub(Int), sub(Bool)),
            (_, Bool, 3) => format!("(NOT {})", sub(Bool)),
            (_, Bool, 4) => format!("({} IS DISTINCT FROM {})", sub(Int), sub(Int)),
            (_, Bool, _) => format!("({} BETWEEN 1 AND {})", sub(Int), sub(Int)),
        }
    }

    fn one_column(
        &mut self,
        kind: Type,
        depth: usize,
        sources: &[Source],
        outer: &[Source],
    ) -> String {
        let visible: Vec<Source> = sources.iter().chain(outer).cloned().collect();
        self.select(depth, &visible, Some(&[kind])).0
    }

    fn subquery(
        &mut self,
        kind: Type,
        depth: usize,
        sources: &[Source],
        outer: &[Source],
    ) -> String {
        if kind == Int && self.one_in(2) {
            let (from, inner) = self.from(0, &[]);
            // Over a column of the outer query the aggregate is that one's, and not allowed everywhere.
            let column = self.find_column(Int, &inner);
            let call = *self.pick(&["count", "max"]);
            if let Some(column) = column {
                return format!("(SELECT {call}({column}) FROM {from})");
            }
        }
        let query = self.one_column(kind, depth, sources, outer);
        format!("({query} LIMIT 1)")
    }
}
