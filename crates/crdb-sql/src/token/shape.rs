//! Where the constructs of the lexical grammar end.
//!
//! The scanner of [`token`](super) and the parser's lexer cut by these rules alone, so that they never disagree about what
//! stands in a string or a comment.

/// White space.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

/// What a keyword or an unquoted name begins with.
pub(crate) fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

/// What a keyword or an unquoted name goes on with.
pub(crate) fn is_word_part(byte: u8) -> bool {
    is_word_start(byte) || byte.is_ascii_digit() || byte == b'$'
}

/// The end of the run of bytes from `at` on for which `accept` holds.
pub(crate) fn run(bytes: &[u8], at: usize, accept: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(at..).unwrap_or(&[]);
    at + rest
        .iter()
        .position(|byte| !accept(*byte))
        .unwrap_or(rest.len())
}

/// The end of a string whose opening quote is at `quote`; `None` where it is not closed.
///
/// A string goes on, in the same mode, behind white space that holds a newline: `E'a' \n 'b\''` is one literal (`scanString` in
/// CockroachDB's pkg/sql/scanner/scan.go, which takes no comment there, as PostgreSQL does).
pub(crate) fn string_end(bytes: &[u8], quote: usize, escapes: bool) -> Option<usize> {
    let mut at = quote + 1;
    loop {
        match (bytes.get(at)?, bytes.get(at + 1)) {
            (b'\\', _) if escapes => at += 2,
            (b'\'', Some(b'\'')) => at += 2,
            (b'\'', _) => {
                let next = next_part(bytes, at + 1);
                if next.is_none() {
                    return Some(at + 1);
                }
                at = next? + 1;
            }
            _ => at += 1,
        }
    }
}

/// Where the quote is with which a string goes on that has ended before `at`.
pub(crate) fn next_part(bytes: &[u8], at: usize) -> Option<usize> {
    let next = run(bytes, at, is_space);
    let goes_on = bytes.get(next) == Some(&b'\'') && bytes.get(at..next)?.contains(&b'\n');
    goes_on.then_some(next)
}

/// The end of a quoted name whose opening quote is at `quote`; `None` where it is not closed.
pub(crate) fn quoted_name_end(bytes: &[u8], quote: usize) -> Option<usize> {
    let mut at = quote + 1;
    loop {
        at = run(bytes, at, |byte| byte != b'"');
        match (bytes.get(at)?, bytes.get(at + 1)) {
            (_, Some(b'"')) => at += 2,
            _ => return Some(at + 1),
        }
    }
}

/// The end of a comment that begins with `/*` at `start` and may hold others; `None` where it is not closed.
pub(crate) fn block_comment_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 2;
    let mut depth = 1_usize;
    loop {
        match (bytes.get(at)?, bytes.get(at + 1)) {
            (b'/', Some(b'*')) => {
                depth += 1;
                at += 2;
            }
            (b'*', Some(b'/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
}

/// What a dollar begins.
pub(crate) enum Dollar {
    /// `$1`, up to here.
    Placeholder(usize),
    /// `$tag$ .. $tag$`, up to here.
    String(usize),
    /// `$tag$`, up to here, whose second one is missing.
    Unclosed(
        #[cfg_attr(
            not(feature = "parser"),
            expect(dead_code, reason = "the scanner takes the rest of the text")
        )]
        usize,
    ),
    /// Nothing.
    Nothing,
}

/// What the dollar at `start` begins.
pub(crate) fn dollar(text: &str, start: usize) -> Dollar {
    let bytes = text.as_bytes();
    let digits = run(bytes, start + 1, |byte| byte.is_ascii_digit());
    if digits > start + 1 {
        return Dollar::Placeholder(digits);
    }
    let mut end = start + 1;
    if bytes.get(end).is_some_and(|byte| is_word_start(*byte)) {
        end = run(bytes, end, |byte| is_word_part(byte) && byte != b'$');
    }
    let tag = match bytes.get(end) {
        Some(b'$') => text.get(start..=end),
        _ => None,
    };
    let Some(tag) = tag else {
        return Dollar::Nothing;
    };
    match text.get(end + 1..).and_then(|rest| rest.find(tag)) {
        Some(at) => Dollar::String(end + 1 + at + tag.len()),
        None => Dollar::Unclosed(end + 1),
    }
}

/// A number.
pub(crate) struct Number {
    pub(crate) end: usize,
    /// Whether it has a point or an exponent.
    pub(crate) is_decimal: bool,
    /// What it lacks, where it breaks off: the rest is another token.
    pub(crate) lacks: Option<&'static str>,
}

/// The number that begins at `start`, with a digit or a point.
pub(crate) fn number(bytes: &[u8], start: usize) -> Number {
    let digits = |at| run(bytes, at, |byte: u8| byte.is_ascii_digit());
    if bytes.get(start) == Some(&b'0') && matches!(bytes.get(start + 1), Some(b'x' | b'X')) {
        let end = run(bytes, start + 2, |byte| byte.is_ascii_hexdigit());
        let is_whole = end > start + 2;
        return Number {
            end: if is_whole { end } else { start + 1 },
            is_decimal: false,
            lacks: (!is_whole).then_some("a hexadecimal number needs digits after `0x`"),
        };
    }
    let mut number = Number {
        end: digits(start),
        is_decimal: false,
        lacks: None,
    };
    if bytes.get(number.end) == Some(&b'.') && bytes.get(number.end + 1) != Some(&b'.') {
        number.end = digits(number.end + 1);
        number.is_decimal = true;
    }
    if matches!(bytes.get(number.end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(number.end + 1), Some(b'+' | b'-')));
        let end = digits(number.end + 1 + sign);
        if end > number.end + 1 + sign {
            number.end = end;
            number.is_decimal = true;
        } else {
            number.lacks = Some("an exponent needs digits after `e`");
        }
    }
    number
}
