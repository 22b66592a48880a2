//! The changelogs: entries gather under *Unreleased*, and a release gives that section its version and date.

const UNRELEASED: &str = "## Unreleased";

/// Whether something stands under *Unreleased*.
pub(super) fn has_entries(text: &str) -> bool {
    let Some((_, rest)) = text.split_once(UNRELEASED) else {
        return false;
    };
    rest.lines()
        .take_while(|line| !line.starts_with("## "))
        .any(|line| line.starts_with("- "))
}

/// The text with the section's version and date, and a new section above it; `None` without entries.
pub(super) fn dated(text: &str, version: &str, date: &str) -> Option<String> {
    if !has_entries(text) {
        return None;
    }
    let heading = format!("{UNRELEASED}\n\n## {version} ({date})");
    Some(text.replacen(UNRELEASED, &heading, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_get_their_version_once() {
        let text = "# Changelog\n\n## Unreleased\n\n- New.\n";
        let first = dated(text, "0.2.0", "2026-01-02");
        let wanted = "# Changelog\n\n## Unreleased\n\n## 0.2.0 (2026-01-02)\n\n- New.\n";
        assert_eq!(first.as_deref(), Some(wanted));
        assert_eq!(dated(wanted, "0.3.0", "2026-01-03"), None);
        assert_eq!(dated("# Changelog\n", "0.3.0", "2026-01-03"), None);
    }
}
