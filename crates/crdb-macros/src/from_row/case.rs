//! `rename_all`: from field names to column names.

/// How the words of a column's name are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Lower,
    Upper,
    Pascal,
    Camel,
    ScreamingSnake,
    Kebab,
}

const ALL: [(&str, Case); 6] = [
    ("lowercase", Case::Lower),
    ("UPPERCASE", Case::Upper),
    ("PascalCase", Case::Pascal),
    ("camelCase", Case::Camel),
    ("SCREAMING_SNAKE_CASE", Case::ScreamingSnake),
    ("kebab-case", Case::Kebab),
];

impl Case {
    pub(super) fn find(name: &str) -> Option<Self> {
        ALL.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, case)| *case)
    }

    /// What `rename_all` may be, for an error.
    pub(super) fn expected() -> String {
        let names: Vec<String> = ALL.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        format!("`rename_all` is one of {}", names.join(", "))
    }

    /// The column's name for a field in snake case.
    pub(super) fn apply(self, field: &str) -> String {
        let words: Vec<&str> = field.split('_').filter(|word| !word.is_empty()).collect();
        match self {
            Self::Lower => words.concat().to_lowercase(),
            Self::Upper => words.concat().to_uppercase(),
            Self::Pascal => words.into_iter().map(capitalised).collect(),
            Self::Camel => {
                let mut words = words.into_iter();
                let first = words.next().unwrap_or_default().to_lowercase();
                first + &words.map(capitalised).collect::<String>()
            }
            Self::ScreamingSnake => field.to_uppercase(),
            Self::Kebab => words.join("-").to_lowercase(),
        }
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + &letters.as_str().to_lowercase()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_renames() {
        let renamed: Vec<String> = ALL
            .iter()
            .map(|(_, case)| case.apply("opened_at"))
            .collect();
        assert_eq!(
            renamed,
            [
                "openedat",
                "OPENEDAT",
                "OpenedAt",
                "openedAt",
                "OPENED_AT",
                "opened-at"
            ]
        );
        assert_eq!(Case::find("shout"), None);
    }
}
