//! Reading definitions from tokens.
//!
//! A cursor over the significant tokens of one statement; whatever it does not know it steps over.

use super::{Index, Schema, Table, TableColumn};
use crate::statement::{self, Cursor};

pub(super) fn apply(schema: &mut Schema, text: &str) {
    for tokens in statement::split(text) {
        statement(schema, &mut Cursor::new(text, &tokens));
    }
}

fn statement(schema: &mut Schema, cursor: &mut Cursor<'_>) {
    if cursor.take("create") {
        cursor.take_any(&[
            "or",
            "replace",
            "temp",
            "temporary",
            "unlogged",
            "global",
            "local",
        ]);
        if cursor.take("table") {
            create_table(schema, cursor);
        } else if cursor.take("type") {
            create_type(schema, cursor);
        } else {
            cursor.take_any(&["unique", "inverted", "vector"]);
            if cursor.take("index") {
                create_index(schema, cursor);
            }
        }
    } else if cursor.take("alter") && cursor.take("table") {
        alter_table(schema, cursor);
    } else if cursor.take("drop") {
        drop_object(schema, cursor);
    }
}

fn create_table(schema: &mut Schema, cursor: &mut Cursor<'_>) {
    cursor.take_any(&["if", "not", "exists"]);
    let Some(name) = cursor.name() else { return };
    let Some(items) = cursor.list() else { return };
    let mut table = Table {
        name: name.clone(),
        ..Table::default()
    };
    for mut item in items {
        element(&mut table, &mut item);
    }
    schema.tables.insert(name, table);
}

/// A column or a constraint between the parentheses of CREATE TABLE, or after ADD.
fn element(table: &mut Table, cursor: &mut Cursor<'_>) {
    let constraint = if cursor.take("constraint") {
        cursor.take_any(&["if", "not", "exists"]);
        cursor.name()
    } else {
        None
    };
    if cursor.take("primary") {
        cursor.take("key");
        key(table, cursor, constraint, true);
    } else if cursor.take("unique") {
        cursor.take("index");
        cursor.take_any(&["without"]);
        key(table, cursor, constraint, false);
    } else if cursor.peek("index") && !cursor.is_column_definition() {
        cursor.step();
        key(table, cursor, constraint, false);
    } else if cursor.peek("inverted") && !cursor.is_column_definition() {
        cursor.step();
        cursor.take("index");
        key(table, cursor, constraint, false);
    } else if constraint.is_none()
        && !cursor.peek_any(&["check", "foreign", "family", "like", "exclude", "partition"])
    {
        column(table, cursor);
    }
}

fn key(table: &mut Table, cursor: &mut Cursor<'_>, constraint: Option<String>, primary: bool) {
    let name = if cursor.peek_symbol("(") || cursor.peek("using") {
        constraint
    } else {
        cursor.name().or(constraint)
    };
    if cursor.take("using") {
        cursor.step();
    }
    let Some(columns) = index_columns(cursor) else {
        return;
    };
    if primary {
        for column in &mut table.columns {
            column.not_null |= columns.contains(&column.name);
        }
        table.indexes.retain(|index| !index.primary);
    }
    table.indexes.push(Index {
        name,
        columns,
        primary,
    });
}

fn index_columns(cursor: &mut Cursor<'_>) -> Option<Vec<String>> {
    let mut columns = Vec::new();
    for mut item in cursor.list()? {
        match item.name() {
            Some(column) if !item.peek_symbol("(") => columns.push(column),
            _ => break,
        }
    }
    Some(columns)
}

fn column(table: &mut Table, cursor: &mut Cursor<'_>) {
    let Some(name) = cursor.name() else { return };
    let start = cursor.position();
    while !cursor.at_end() && !cursor.peek_any(COLUMN_CLAUSES) {
        cursor.step();
    }
    let sql_type = cursor.text_since(start);
    let mut not_null = sql_type.to_ascii_lowercase().contains("serial");
    let mut keys: Vec<bool> = Vec::new();
    while !cursor.at_end() {
        if cursor.take("not") {
            not_null |= cursor.take("null");
        } else if cursor.take("primary") {
            not_null = true;
            keys.push(true);
        } else if cursor.take("unique") {
            keys.push(false);
        } else {
            cursor.step();
        }
    }
    for primary in keys {
        table.indexes.push(Index {
            name: None,
            columns: vec![name.clone()],
            primary,
        });
    }
    table.columns.retain(|column| column.name != name);
    table.columns.push(TableColumn {
        name,
        sql_type,
        not_null,
    });
}

/// The words that end a column's type.
const COLUMN_CLAUSES: &[&str] = &[
    "not",
    "null",
    "default",
    "primary",
    "unique",
    "references",
    "check",
    "constraint",
    "collate",
    "as",
    "generated",
    "family",
    "create",
    "on",
    "visible",
    "storage",
    "compression",
];

fn create_type(schema: &mut Schema, cursor: &mut Cursor<'_>) {
    cursor.take_any(&["if", "not", "exists"]);
    let Some(name) = cursor.name() else { return };
    if !(cursor.take("as") && cursor.take("enum")) {
        return;
    }
    let labels = cursor.list().unwrap_or_default();
    let labels = labels.iter().filter_map(Cursor::string).collect();
    schema.enums.insert(name, labels);
}

fn create_index(schema: &mut Schema, cursor: &mut Cursor<'_>) {
    cursor.take_any(&["concurrently", "if", "not", "exists"]);
    let name = if cursor.peek("on") {
        None
    } else {
        cursor.name()
    };
    if !cursor.take("on") {
        return;
    }
    cursor.take("only");
    let Some(table) = cursor.name() else { return };
    if cursor.take("using") {
        cursor.step();
    }
    let Some(columns) = index_columns(cursor) else {
        return;
    };
    // A partial index serves only queries that imply its condition, which nobody here can tell.
    let mut partial = false;
    while !cursor.at_end() {
        partial |= cursor.peek("where");
        cursor.step();
    }
    if let Some(table) = find(schema, &table)
        && !partial
    {
        table.indexes.push(Index {
            name,
            columns,
            primary: false,
        });
    }
}

fn find<'s>(schema: &'s mut Schema, name: &str) -> Option<&'s mut Table> {
    let key = schema.table(name)?.name.clone();
    schema.tables.get_mut(&key)
}

fn alter_table(schema: &mut Schema, cursor: &mut Cursor<'_>) {
    cursor.take_any(&["if", "exists", "only"]);
    let Some(name) = cursor.name() else { return };
    if cursor.take("rename") {
        return rename(schema, &name, cursor);
    }
    let Some(table) = find(schema, &name) else {
        return;
    };
    for mut action in cursor.split_commas() {
        if action.take("add") {
            action.take("column");
            action.take_any(&["if", "not", "exists"]);
            element(table, &mut action);
        } else if action.take("drop") {
            let constraint = action.take("constraint");
            action.take("column");
            action.take_any(&["if", "exists"]);
            let Some(gone) = action.name() else { continue };
            if constraint {
                table.indexes.retain(|i| i.name.as_deref() != Some(&gone));
            } else {
                table.columns.retain(|column| column.name != gone);
                table.indexes.retain(|index| !index.columns.contains(&gone));
            }
        } else if action.take("alter") {
            if action.take("primary") {
                action.take_any(&["key", "using", "columns"]);
                key(table, &mut action, None, true);
                continue;
            }
            action.take("column");
            let Some(column) = action.name() else {
                continue;
            };
            alter_column(table, &column, &mut action);
        }
    }
}

fn alter_column(table: &mut Table, column: &str, action: &mut Cursor<'_>) {
    let Some(column) = table.columns.iter_mut().find(|c| c.name == column) else {
        return;
    };
    let set = action.take("set");
    let drop = !set && action.take("drop");
    if action.take("not") && action.take("null") {
        column.not_null = set || (!drop && column.not_null);
    } else {
        action.take("data");
        if action.take("type") {
            let start = action.position();
            while !action.at_end() && !action.peek_any(&["using", "collate"]) {
                action.step();
            }
            column.sql_type = action.text_since(start);
        }
    }
}

fn rename(schema: &mut Schema, name: &str, cursor: &mut Cursor<'_>) {
    if cursor.take("to") {
        let Some(new) = cursor.name() else { return };
        let Some(key) = schema.table(name).map(|table| table.name.clone()) else {
            return;
        };
        if let Some(mut table) = schema.tables.remove(&key) {
            table.name.clone_from(&new);
            schema.tables.insert(new, table);
        }
        return;
    }
    if cursor.take("constraint") {
        return;
    }
    cursor.take("column");
    let Some(old) = cursor.name() else { return };
    cursor.take("to");
    let Some(new) = cursor.name() else { return };
    if let Some(table) = find(schema, name) {
        let columns = table.columns.iter_mut().map(|column| &mut column.name);
        let indexed = table
            .indexes
            .iter_mut()
            .flat_map(|index| &mut index.columns);
        for column in columns.chain(indexed).filter(|column| **column == old) {
            column.clone_from(&new);
        }
    }
}

fn drop_object(schema: &mut Schema, cursor: &mut Cursor<'_>) {
    let kind = cursor.word();
    cursor.take_any(&["concurrently", "if", "exists"]);
    for mut item in cursor.split_commas() {
        let Some(name) = item.name() else { continue };
        match kind.as_deref() {
            Some("table") => {
                if let Some(key) = schema.table(&name).map(|table| table.name.clone()) {
                    schema.tables.remove(&key);
                }
            }
            Some("type") => {
                schema.enums.remove(&name);
            }
            Some("index") => {
                // CockroachDB writes `table@index`.
                let index = if item.take_symbol("@") {
                    item.name()
                } else {
                    Some(name)
                };
                for table in schema.tables.values_mut() {
                    table
                        .indexes
                        .retain(|i| i.name.is_none() || i.name != index);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(text: &str) -> Schema {
        let mut schema = Schema::default();
        schema.apply(text);
        schema
    }

    #[test]
    fn tables_are_read_with_columns_keys_and_indexes() {
        let schema = schema(
            "CREATE TYPE public.kind AS ENUM ('a', 'it''s');
             CREATE TABLE IF NOT EXISTS public.\"Acc\" (
                id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
                balance DECIMAL(19, 4) NOT NULL CHECK (balance >= 0),
                note VARCHAR(20)[] NULL,
                made TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
                kind kind,
                index STRING,
                UNIQUE (balance, note),
                INDEX by_made (made DESC) STORING (note),
                INVERTED INDEX (note),
                CONSTRAINT positive CHECK (balance > 0),
                FAMILY f (id, balance)
             ) WITH (ttl_expire_after = '1 day');
             CREATE UNIQUE INDEX ON \"Acc\" USING btree (kind, lower(note));
             CREATE INDEX partial ON \"Acc\" (index) WHERE index IS NOT NULL;",
        );
        assert_eq!(schema.enum_labels("kind").expect("enum"), ["a", "it's"]);
        let table = schema.table("Acc").expect("table");
        let columns: Vec<(&str, &str, bool)> = table
            .columns()
            .iter()
            .map(|c| (c.name(), c.sql_type(), c.is_not_null()))
            .collect();
        assert_eq!(
            columns,
            [
                ("id", "UUID", true),
                ("balance", "DECIMAL(19, 4)", true),
                ("note", "VARCHAR(20)[]", false),
                ("made", "TIMESTAMP WITH TIME ZONE", true),
                ("kind", "kind", false),
                ("index", "STRING", false),
            ]
        );
        let indexes: Vec<String> = table
            .indexes()
            .iter()
            .map(|i| i.columns().join(","))
            .collect();
        assert_eq!(indexes, ["id", "balance,note", "made", "note", "kind"]);
        assert!(table.indexes()[0].is_primary());
    }

    #[test]
    fn migrations_change_what_is_known() {
        let schema = schema(
            "CREATE TABLE a (id INT8, b INT8, c TEXT NOT NULL);
             ALTER TABLE a ADD CONSTRAINT pk PRIMARY KEY (id), ADD COLUMN IF NOT EXISTS d BOOL NOT NULL DEFAULT false;
             ALTER TABLE a ALTER COLUMN b SET NOT NULL, ALTER COLUMN c DROP NOT NULL;
             ALTER TABLE a ALTER COLUMN c SET DATA TYPE VARCHAR(3);
             CREATE INDEX i ON a (b); CREATE INDEX j ON a (c);
             DROP INDEX IF EXISTS a@i;
             ALTER TABLE a RENAME COLUMN b TO bb;
             ALTER TABLE a RENAME TO aa;
             CREATE TABLE gone (x INT8); DROP TABLE gone;",
        );
        assert!(schema.table("a").is_none() && schema.table("gone").is_none());
        let table = schema.table("aa").expect("table");
        let not_null = |name: &str| table.column(name).map(TableColumn::is_not_null);
        assert_eq!(not_null("id"), Some(true));
        assert_eq!(not_null("bb"), Some(true));
        assert_eq!(not_null("c"), Some(false));
        assert_eq!(not_null("d"), Some(true));
        assert_eq!(
            table.column("c").map(TableColumn::sql_type),
            Some("VARCHAR(3)")
        );
        assert!(table.indexes().iter().all(|i| i.name() != Some("i")));
        assert!(table.indexes().iter().any(|i| i.name() == Some("j")));
    }

    #[test]
    fn what_is_no_definition_is_stepped_over() {
        let schema = schema(
            "CREATE TABLE; CREATE TABLE x; ALTER TABLE x ADD; DROP; CREATE INDEX ON; CREATE TABLE t (; SELECT 1; CREATE TYPE; )))",
        );
        assert!(schema.tables().all(|table| table.columns().is_empty()));
    }
}
