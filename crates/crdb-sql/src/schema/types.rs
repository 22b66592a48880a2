//! One name for types that have several.

/// The canonical name of a type: lower case, without length, with CockroachDB's and PostgreSQL's synonyms joined.
///
/// `INT`, `INTEGER` and `SERIAL` become `int`, because the engines disagree about their width. Arrays end in `[]`.
/// A type that is not built in keeps its (folded) name; one in quotes that would be another without them keeps these.
///
/// ```
/// # use crdb_sql::schema::canonical_type;
/// assert_eq!(canonical_type("DECIMAL(19, 4)"), "decimal");
/// assert_eq!(canonical_type("timestamp with time zone"), "timestamptz");
/// assert_eq!(canonical_type("STRING[]"), "string[]");
/// assert_eq!(canonical_type("account_kind"), "account_kind");
/// assert_eq!(canonical_type("bank.\"Account Kind\"[]"), "\"Account Kind\"[]");
/// ```
#[must_use]
pub fn canonical_type(sql_type: &str) -> String {
    if let Some((quoted, rest)) = last_quoted(sql_type) {
        let array = if rest.contains('[') || rest.trim().eq_ignore_ascii_case("array") {
            "[]"
        } else {
            ""
        };
        return if needs_quotes(&quoted) {
            format!("\"{}\"{array}", quoted.replace('"', "\"\""))
        } else {
            canonical_type(&format!("{quoted}{array}"))
        };
    }
    let lower = sql_type.to_ascii_lowercase();
    let mut base = String::with_capacity(lower.len());
    let mut depth = 0_usize;
    let mut array = false;
    for c in lower.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '[' => array = true,
            ']' => {}
            _ if depth > 0 || (array && c.is_ascii_digit()) => {}
            _ => base.push(c),
        }
    }
    let mut words: Vec<&str> = base.split_whitespace().collect();
    if words.last() == Some(&"array") && words.len() > 1 {
        words.pop();
        array = true;
    }
    let joined = words.join(" ");
    let name = match joined.as_str() {
        "int" | "integer" | "serial" => "int",
        "int8" | "int64" | "bigint" | "bigserial" | "serial8" => "int8",
        "int4" | "serial4" => "int4",
        "int2" | "smallint" | "smallserial" | "serial2" => "int2",
        "string" | "text" | "varchar" | "character varying" | "char" | "character" | "bpchar"
        | "name" => "string",
        "decimal" | "numeric" | "dec" => "decimal",
        "float" | "float8" | "double precision" => "float8",
        "real" | "float4" => "float4",
        "bool" | "boolean" => "bool",
        "bytes" | "bytea" | "blob" => "bytes",
        "timestamptz" | "timestamp with time zone" => "timestamptz",
        "timestamp" | "timestamp without time zone" => "timestamp",
        "timetz" | "time with time zone" => "timetz",
        "time" | "time without time zone" => "time",
        "json" => "json",
        other => other,
    };
    let name = name.rsplit('.').next().unwrap_or(name);
    if array {
        format!("{name}[]")
    } else {
        name.to_owned()
    }
}

/// The canonical name of the type that a database calls so: in quotes where SQL would otherwise read another name.
///
/// ```
/// # use crdb_sql::schema::canonical_name;
/// assert_eq!(canonical_name("kind"), "kind");
/// assert_eq!(canonical_name("Kind"), "\"Kind\"");
/// ```
#[must_use]
pub fn canonical_name(name: &str) -> String {
    canonical_type(&format!("\"{}\"", name.replace('"', "\"\"")))
}

/// What a database calls the type of this canonical name.
pub(crate) fn stored_name(canonical: &str) -> String {
    match last_quoted(canonical) {
        Some((name, _)) => name,
        None => canonical.to_owned(),
    }
}

/// The name in quotes with which a type ends, and what stands behind it: `public."Kind"[]`.
fn last_quoted(sql_type: &str) -> Option<(String, &str)> {
    let mut rest = sql_type;
    let mut last = None;
    while let Some(open) = rest.find('"') {
        let mut name = String::new();
        let mut tail = rest.get(open + 1..)?;
        loop {
            let close = tail.find('"')?;
            name.push_str(tail.get(..close)?);
            tail = tail.get(close + 1..)?;
            match tail.strip_prefix('"') {
                Some(more) => {
                    name.push('"');
                    tail = more;
                }
                None => break,
            }
        }
        rest = tail;
        last = Some((name, tail));
    }
    // What is qualified with a name in quotes may itself have none.
    last.filter(|(_, tail)| !tail.trim_start().starts_with('.'))
}

/// Whether a name means another type without quotes.
fn needs_quotes(name: &str) -> bool {
    let letter = |c: char| c == '_' || (c.is_alphabetic() && !c.is_ascii_uppercase());
    let plain = name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit());
    // "char" is one byte; CHAR is text.
    !plain || name == "char"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_quotes_stay_apart() {
        for (written, canonical) in [
            ("\"Kind\"", "\"Kind\""),
            ("\"kind\"", "kind"),
            ("Kind", "kind"),
            ("public.\"Kind\"", "\"Kind\""),
            ("\"My Schema\".kind", "kind"),
            ("\"My.Schema\".\"a.b\"[]", "\"a.b\"[]"),
            ("\"a\"\"b\" ARRAY", "\"a\"\"b\"[]"),
            ("\"char\"", "\"char\""),
            ("char", "string"),
            ("\"text\"", "string"),
            ("\"année\"", "année"),
        ] {
            assert_eq!(canonical_type(written), canonical, "{written}");
            assert_eq!(canonical_type(canonical), canonical, "{canonical}");
        }
    }

    #[test]
    fn a_database_calls_it_as_it_did() {
        for name in ["kind", "Kind", "a b", "a\"b", "a.b", "char", "İ", "[]"] {
            assert_eq!(stored_name(&canonical_name(name)), name);
        }
    }
}
