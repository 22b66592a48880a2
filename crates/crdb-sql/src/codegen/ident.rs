//! Names for Rust.
//!
//! Names of the database and of the user become identifiers here. Names of the emitted code itself are absolute paths,
//! or are reserved by [`distinct`], so that neither kind can take the other's place.

/// Primitive types, which a module of the same name would hide.
const PRIMITIVES: [&str; 17] = [
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "str", "u8", "u16",
    "u32", "u64", "u128", "usize",
];

/// snake_case from any name, raw where Rust reserves it.
pub(super) fn snake(name: &str) -> String {
    snake_or(name, "column")
}

/// As [`snake`]; `empty` is the name of what has no letters, and stands before what begins with a digit.
fn snake_or(name: &str, empty: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut previous_lower = false;
    let split = |out: &mut String| {
        if !out.ends_with('_') && !out.is_empty() {
            out.push('_');
        }
    };
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            if previous_lower {
                split(&mut out);
            }
            out.push(c.to_ascii_lowercase());
        } else if c.is_ascii_alphanumeric() || is_latin(c) {
            out.extend(c.to_lowercase());
        } else if c.is_alphanumeric() {
            // Rust warns of letters that look like others: they are spelled by their numbers.
            split(&mut out);
            out.push_str(&format!("u{:04x}_", u32::from(c)));
        } else {
            split(&mut out);
        }
        previous_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    let out = out.trim_end_matches('_');
    match out {
        "" => empty.to_owned(),
        _ if out.starts_with(|c: char| c.is_ascii_digit()) => format!("{empty}_{out}"),
        "self" | "super" | "crate" => format!("{out}_"),
        _ if is_keyword(out) => format!("r#{out}"),
        _ => out.to_owned(),
    }
}

/// The letters of western Europe, of which no lint of rustc warns.
fn is_latin(c: char) -> bool {
    matches!(c, 'À'..='ÿ') && c.is_alphabetic()
}

/// CamelCase from any name.
pub(super) fn camel(name: &str) -> String {
    camel_of(&snake(name))
}

fn camel_of(snake: &str) -> String {
    let words = snake.trim_start_matches("r#").split('_');
    let out: String = words
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_uppercase().collect::<String>() + letters.as_str()
            })
        })
        .collect();
    if out == "Self" {
        "SelfValue".to_owned()
    } else {
        out
    }
}

/// The name of a module.
pub(super) fn module(name: &str) -> String {
    let name = snake_or(name, "module");
    if PRIMITIVES.contains(&name.as_str()) {
        format!("{name}_")
    } else {
        name
    }
}

/// The names of an enum's variants, for its labels.
pub(super) fn variants<'a>(labels: impl Iterator<Item = &'a str>) -> Vec<String> {
    let names = labels.map(|label| {
        if label.is_empty() {
            return "Empty".to_owned();
        }
        if label.chars().any(char::is_alphanumeric) {
            return camel_of(&snake_or(label, "value"));
        }
        let signs = label.chars().map(|c| match c {
            '!' => "Exclamation".to_owned(),
            '?' => "Question".to_owned(),
            '+' => "Plus".to_owned(),
            '-' => "Minus".to_owned(),
            '=' => "Equal".to_owned(),
            '<' => "Less".to_owned(),
            '>' => "Greater".to_owned(),
            '*' => "Star".to_owned(),
            '/' => "Slash".to_owned(),
            '.' => "Dot".to_owned(),
            '_' => "Underscore".to_owned(),
            ' ' => "Space".to_owned(),
            other => format!("U{:04x}", u32::from(other)),
        });
        signs.collect()
    });
    // `ALL` is the associated constant.
    let mut taken = Names::reserving(&["ALL"]);
    names.map(|name| taken.take_type(name)).collect()
}

/// Makes names distinct from each other and from the `reserved` ones by numbering the later ones.
pub(super) fn distinct(names: Vec<String>, reserved: &[&str]) -> Vec<String> {
    let mut taken = Names::reserving(reserved);
    names.into_iter().map(|name| taken.take(name)).collect()
}

/// The names of one namespace that are taken.
#[derive(Debug, Default)]
pub(super) struct Names(std::collections::BTreeSet<String>);

impl Names {
    pub(super) fn reserving(reserved: &[&str]) -> Self {
        Self(reserved.iter().map(|name| (*name).to_owned()).collect())
    }

    /// Takes the name, or the next free one of `name_2`, `name_3`, ..
    pub(super) fn take(&mut self, name: String) -> String {
        self.take_numbered(name, "_")
    }

    /// As [`take`](Names::take) for a type or variant, in whose name lints want no underscore.
    pub(super) fn take_type(&mut self, name: String) -> String {
        self.take_numbered(name, "")
    }

    fn take_numbered(&mut self, name: String, separator: &str) -> String {
        let mut candidate = name.clone();
        let mut number = 2;
        while !self.0.insert(candidate.clone()) {
            // `self_` ends in an underscore already, and two are no snake case.
            let plain = name.trim_start_matches("r#").trim_end_matches('_');
            candidate = format!("{plain}{separator}{number}");
            number += 1;
        }
        candidate
    }
}

fn is_keyword(word: &str) -> bool {
    const KEYWORDS: [&str; 47] = [
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do",
        "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in",
        "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
        "return", "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe",
        "unsized", "use", "virtual", "where", "while",
    ];
    KEYWORDS.contains(&word) || word == "yield"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_becomes_a_rust_name() {
        assert_eq!(snake("openedAt"), "opened_at");
        assert_eq!(snake("?column?"), "column");
        assert_eq!(snake("type"), "r#type");
        assert_eq!(snake("2nd"), "column_2nd");
        assert_eq!(snake("añoÜber"), "añoüber");
        assert_eq!(snake("名a"), "u540d_a");
        assert_eq!(camel("get_account"), "GetAccount");
        assert_eq!(camel("type"), "Type");
        assert_eq!(camel("in progress"), "InProgress");
        let names = ["a", "a", "r#type", "r#type"].map(str::to_owned).to_vec();
        assert_eq!(distinct(names, &["db"]), ["a", "a_2", "r#type", "type_2"]);
        assert_eq!(distinct(vec!["db".to_owned()], &["db"]), ["db_2"]);
        let selves = ["self", "Self"].map(snake).to_vec();
        assert_eq!(distinct(selves, &[]), ["self_", "self_2"]);
        assert_eq!(module("str"), "str_");
    }

    #[test]
    fn labels_become_distinct_variants() {
        let labels = ["a b", "a-b", "!", "?", "", "1", "self", "a-l-l", "名"];
        assert_eq!(
            variants(labels.into_iter()),
            [
                "AB",
                "AB2",
                "Exclamation",
                "Question",
                "Empty",
                "Value1",
                "SelfValue",
                "ALL2",
                "U540d"
            ]
        );
    }
}
