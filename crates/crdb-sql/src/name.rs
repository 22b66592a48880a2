//! Names: what is allowed, and what was probably meant.

/// The longest name of a query or parameter: what a server keeps of an identifier.
const MAX_LENGTH: usize = 63;

/// Why a name is no snake_case name, or `None` when it is one.
pub(crate) fn defect(name: &str) -> Option<String> {
    let first = name.chars().next();
    let odd = name
        .chars()
        .find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '_'));
    match (first, odd) {
        (None, _) => Some("it is empty".to_owned()),
        (_, Some(c)) if c.is_ascii_uppercase() => {
            Some(format!("`{c}` is upper case; write `{}`", snake_case(name)))
        }
        (_, Some(c)) => Some(format!("{c:?} is not one of a-z, 0-9 and _")),
        (Some(c), None) if c.is_ascii_digit() => Some("it begins with a digit".to_owned()),
        _ if name.len() > MAX_LENGTH => Some(format!("it is longer than {MAX_LENGTH} bytes")),
        _ if is_rust_keyword(name) => {
            Some("it is a Rust keyword that no function can be named".to_owned())
        }
        _ => None,
    }
}

/// Why a parameter cannot have the name, or `None` when it can: letters and digits of every script that has them, in lower
/// case, because the dialect folds names and two parameters must not become one.
pub(crate) fn parameter_defect(name: &str) -> Option<String> {
    if name.is_ascii() {
        return defect(name);
    }
    let odd = name.chars().find(|c| !(c.is_alphanumeric() || *c == '_'));
    let upper = name.chars().find(|c| c.to_lowercase().ne([*c]));
    match (odd, upper) {
        (Some(c), _) => Some(format!("{c:?} is no letter, digit or _")),
        (None, Some(c)) => Some(format!(
            "`{c}` is upper case; write `{}`",
            name.to_lowercase()
        )),
        _ if name.starts_with(char::is_numeric) => Some("it begins with a digit".to_owned()),
        _ if name.len() > MAX_LENGTH => Some(format!("it is longer than {MAX_LENGTH} bytes")),
        _ => None,
    }
}

/// The snake_case form of a camelCase name; other characters become underscores.
fn snake_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut previous_lower = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            if previous_lower {
                out.push('_');
            }
            out.push(c.to_ascii_lowercase());
        } else if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.ends_with('_') {
            out.push('_');
        }
        previous_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
    }
    out
}

/// Keywords that cannot be written as raw identifiers; all others can (`r#type`).
fn is_rust_keyword(name: &str) -> bool {
    matches!(name, "self" | "super" | "crate" | "_")
}

/// Up to three of `candidates` that `wanted` was probably meant to be, nearest first.
pub(crate) fn nearest<'a>(
    wanted: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Vec<&'a str> {
    // A hostile name must not cost a quadratic comparison with every candidate.
    if wanted.len() > 4 * MAX_LENGTH {
        return Vec::new();
    }
    let wanted_last = last_segment(wanted);
    let mut scored: Vec<(f64, &str)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let whole = strsim::normalized_damerau_levenshtein(wanted, candidate);
            let last = strsim::normalized_damerau_levenshtein(wanted_last, last_segment(candidate));
            // The right query in the wrong directory is a likely mistake, but less than a typo.
            let score = whole.max(last - 0.2);
            (score >= 0.55).then_some((score, candidate))
        })
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.into_iter().take(3).map(|(_, name)| name).collect()
}

fn last_segment(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// "`a`, `b` or `c`"
pub(crate) fn either(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_names_are_explained() {
        assert_eq!(defect("get_account2"), None);
        assert_eq!(
            defect("getAccount").as_deref(),
            Some("`A` is upper case; write `get_account`")
        );
        assert_eq!(defect("2nd").as_deref(), Some("it begins with a digit"));
        assert_eq!(
            defect("get-account").as_deref(),
            Some("'-' is not one of a-z, 0-9 and _")
        );
        assert!(defect(&"x".repeat(64)).is_some());
        assert!(defect("").is_some());
        assert!(defect("self").is_some());
    }

    #[test]
    fn typos_find_the_name_and_strangers_do_not() {
        let names = [
            "accounts.get_account",
            "accounts.get_balance",
            "transfers.list",
        ];
        assert_eq!(
            nearest("accounts.get_acount", names)[0],
            "accounts.get_account"
        );
        assert_eq!(nearest("get_balance", names)[0], "accounts.get_balance");
        assert!(nearest("weather", names).is_empty());
        assert!(nearest(&"a".repeat(1 << 20), names).is_empty());
    }
}
