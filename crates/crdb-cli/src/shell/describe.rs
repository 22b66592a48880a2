//! What `\d` and its kin ask. Each is plain SQL that both engines know.

/// What is described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Description {
    Databases,
    Schemas,
    Tables,
    Table {
        /// `None`: whichever schema has it.
        schema: Option<String>,
        name: String,
    },
}

impl Description {
    /// A table by its name as SQL reads it: `accounts`, `bank.accounts`, `"Odd name"`.
    pub(super) fn table(text: &str) -> Self {
        let mut parts = parts(text);
        let name = parts.pop().unwrap_or_default();
        Self::Table {
            schema: parts.pop(),
            name,
        }
    }

    /// The statements that ask it.
    pub(super) fn statements(&self) -> Vec<String> {
        let (schema, name) = match self {
            Self::Databases => {
                return vec![
                    "SELECT datname AS database FROM pg_catalog.pg_database WHERE datallowconn ORDER BY 1"
                        .to_owned(),
                ];
            }
            Self::Schemas => {
                return vec![
                    "SELECT schema_name AS schema FROM information_schema.schemata ORDER BY 1"
                        .to_owned(),
                ];
            }
            Self::Tables => {
                return vec![format!(
                    "SELECT n.nspname::TEXT AS schema, c.relname::TEXT AS name, \
                     CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view' \
                     WHEN 'm' THEN 'materialized view' ELSE 'sequence' END AS kind \
                     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND n.nspname NOT IN {INTERNAL} \
                     ORDER BY 1, 2"
                )];
            }
            Self::Table { schema, name } => (schema, name),
        };
        let of = |schema_column: &str, table_column: &str| {
            let in_schema = match schema {
                Some(schema) => format!(" AND {schema_column} = {}", literal(schema)),
                None => format!(" AND {schema_column} NOT IN {INTERNAL}"),
            };
            format!("{table_column} = {}{in_schema}", literal(name))
        };
        vec![
            format!(
                "SELECT column_name::TEXT AS \"column\", data_type::TEXT AS type, \
                 CASE is_nullable WHEN 'NO' THEN 'not null' ELSE '' END AS \"null\", \
                 column_default::TEXT AS \"default\" FROM information_schema.columns \
                 WHERE {} ORDER BY ordinal_position",
                of("table_schema", "table_name")
            ),
            format!(
                "SELECT indexdef::TEXT AS index FROM pg_catalog.pg_indexes WHERE {} ORDER BY indexname",
                of("schemaname", "tablename")
            ),
            format!(
                "SELECT k.conname::TEXT AS \"constraint\", pg_catalog.pg_get_constraintdef(k.oid)::TEXT AS definition \
                 FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid \
                 JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE {} ORDER BY 1",
                of("n.nspname", "c.relname")
            ),
        ]
    }
}

/// Schemas that are the server's own.
pub(super) const INTERNAL: &str =
    "('pg_catalog', 'information_schema', 'crdb_internal', 'pg_extension', 'pg_toast')";

/// The parts of a name, in lower case where they are not quoted.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                push(&mut parts, '"');
            }
            '"' => quoted = !quoted,
            '.' if !quoted => parts.push(String::new()),
            c if quoted => push(&mut parts, c),
            c => c.to_lowercase().for_each(|c| push(&mut parts, c)),
        }
    }
    parts
}

fn push(parts: &mut [String], c: char) {
    if let Some(part) = parts.last_mut() {
        part.push(c);
    }
}

/// A string that every setting of `standard_conforming_strings` reads alike.
fn literal(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('\'', "''");
    if text.contains('\\') {
        format!("E'{escaped}'")
    } else {
        format!("'{escaped}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_sql_reads_them() {
        let table = |schema: Option<&str>, name: &str| Description::Table {
            schema: schema.map(str::to_owned),
            name: name.to_owned(),
        };
        assert_eq!(Description::table("Accounts"), table(None, "accounts"));
        assert_eq!(
            Description::table("bank.\"Odd \"\"name\".\"a.b\""),
            table(Some("Odd \"name"), "a.b")
        );
        let asked = Description::table("o'brien\\").statements();
        assert!(
            asked.iter().all(|text| text.contains("E'o''brien\\\\'")),
            "{asked:?}"
        );
    }
}
