//! One name for types that have several.

/// The canonical name of a type: lower case, without length, with CockroachDB's and PostgreSQL's synonyms joined.
///
/// `INT`, `INTEGER` and `SERIAL` become `int`, because the engines disagree about their width. Arrays end in `[]`.
/// A type that is not built in keeps its (folded) name.
///
/// ```
/// # use crdb_sql::schema::canonical_type;
/// assert_eq!(canonical_type("DECIMAL(19, 4)"), "decimal");
/// assert_eq!(canonical_type("timestamp with time zone"), "timestamptz");
/// assert_eq!(canonical_type("STRING[]"), "string[]");
/// assert_eq!(canonical_type("account_kind"), "account_kind");
/// ```
#[must_use]
pub fn canonical_type(sql_type: &str) -> String {
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
