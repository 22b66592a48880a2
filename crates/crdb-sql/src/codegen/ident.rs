//! Names for Rust.

/// snake_case from any name, raw where Rust reserves it.
pub(super) fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut previous_lower = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            if previous_lower {
                out.push('_');
            }
            out.push(c.to_ascii_lowercase());
        } else if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.ends_with('_') && !out.is_empty() {
            out.push('_');
        }
        previous_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
    }
    let out = out.trim_end_matches('_');
    match out {
        "" => "column".to_owned(),
        _ if out.starts_with(|c: char| c.is_ascii_digit()) => format!("column_{out}"),
        "self" | "super" | "crate" => format!("{out}_"),
        _ if is_keyword(out) => format!("r#{out}"),
        _ => out.to_owned(),
    }
}

/// CamelCase from any name.
pub(super) fn camel(name: &str) -> String {
    let snake = snake(name);
    let words = snake.trim_start_matches("r#").split('_');
    let out: String = words
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_ascii_uppercase().to_string() + letters.as_str()
            })
        })
        .collect();
    if out == "Self" {
        "SelfValue".to_owned()
    } else {
        out
    }
}

/// Makes names distinct by numbering the later ones.
pub(super) fn distinct(names: Vec<String>) -> Vec<String> {
    let mut taken: Vec<String> = Vec::with_capacity(names.len());
    for name in names {
        let mut candidate = name.clone();
        let mut number = 2;
        while taken.contains(&candidate) {
            candidate = format!("{}_{number}", name.trim_start_matches("r#"));
            number += 1;
        }
        taken.push(candidate);
    }
    taken
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
        assert_eq!(snake("ü"), "column");
        assert_eq!(camel("get_account"), "GetAccount");
        assert_eq!(camel("type"), "Type");
        assert_eq!(camel("in progress"), "InProgress");
        let names = ["a", "a", "r#type", "r#type"].map(str::to_owned).to_vec();
        assert_eq!(distinct(names), ["a", "a_2", "r#type", "type_2"]);
    }
}
