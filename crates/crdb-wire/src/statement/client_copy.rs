//! Finds a COPY that would wait for this side's data, or send it data, before it is sent.

/// Whether a text begins with a COPY from STDIN or to STDOUT. A later statement of the text is not looked at: the
/// connection ends its COPY when the server begins it.
pub(super) fn is_client_copy(text: &str) -> bool {
    let Some(mut rest) = strip_word(skip_blanks(text), "copy") else {
        return false;
    };
    while let Some(first) = rest.chars().next() {
        match first {
            // A quote inside is doubled, which reads as one quoted text behind the other.
            '\'' | '"' => {
                let after = rest.get(1..).unwrap_or_default();
                let end = after.find(first).map_or(after.len(), |end| end + 1);
                rest = after.get(end..).unwrap_or_default();
            }
            _ if is_word(first) => {
                if ["stdin", "stdout"]
                    .iter()
                    .any(|word| strip_word(rest, word).is_some())
                {
                    return true;
                }
                rest = rest.trim_start_matches(is_word);
            }
            _ => {
                let blank = skip_blanks(rest);
                rest = if blank.len() < rest.len() {
                    blank
                } else {
                    rest.get(first.len_utf8()..).unwrap_or_default()
                };
            }
        }
    }
    false
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '$'
}

/// What follows this word at the text's beginning.
fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let head = text.get(..word.len())?;
    let rest = text.get(word.len()..)?;
    (head.eq_ignore_ascii_case(word) && !rest.starts_with(is_word)).then_some(rest)
}

/// The text behind white space and comments.
fn skip_blanks(text: &str) -> &str {
    let mut rest = text.trim_start();
    loop {
        rest = if rest.starts_with("--") {
            rest.find('\n')
                .and_then(|end| rest.get(end..))
                .unwrap_or_default()
        } else if rest.starts_with("/*") {
            skip_comment(rest)
        } else {
            return rest;
        }
        .trim_start();
    }
}

/// The text behind a comment, which may hold others.
fn skip_comment(text: &str) -> &str {
    let (mut depth, mut rest) = (0_usize, text);
    loop {
        let after = rest.get(2..).unwrap_or_default();
        if rest.starts_with("/*") {
            (depth, rest) = (depth + 1, after);
        } else if rest.starts_with("*/") {
            (depth, rest) = (depth - 1, after);
        } else {
            let mut characters = rest.chars();
            if characters.next().is_none() {
                return "";
            }
            rest = characters.as_str();
        }
        if depth == 0 {
            return rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_copy_with_the_client_is_found_in_every_spelling() {
        for text in [
            "COPY t FROM STDIN",
            "copy t(a, b) to stdout with (format csv)",
            " -- first\n/* a /* nested */ one */ Copy \"t\" FROM/**/STDIN;",
            "COPY (SELECT 'x''y') TO STDOUT",
            "COPY t FROM -- where from\n STDIN",
        ] {
            assert!(is_client_copy(text), "{text}");
        }
        for text in [
            "COPY t FROM '/stdin'",
            "COPY t FROM 'STDIN'",
            "COPY \"stdin\" FROM '/file'",
            "SELECT 'COPY t FROM STDIN'",
            "COPYING",
            "/* COPY t FROM STDIN */",
            "COPY stdin_log FROM '/x' -- STDIN",
            "",
        ] {
            assert!(!is_client_copy(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "(COPY )?[-/*'\"a-zß \n]{0,40}") {
            is_client_copy(&text);
        }
    }
}
