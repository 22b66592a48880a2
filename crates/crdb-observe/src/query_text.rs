//! What can be said of a statement's text without saying the text: a fingerprint, and a summary.

/// The longest summary, in characters: what OpenTelemetry's conventions advise at most is 255 bytes.
const LONGEST: usize = 100;

/// A fingerprint of a statement: the same for texts that differ only in constants, in the length of lists of constants, in white
/// space, comments and the case of words. 16 hexadecimal digits; the same in every process and release.
///
/// ```
/// use crdb_observe::fingerprint;
///
/// assert_eq!(
///     fingerprint("SELECT * FROM t WHERE id IN (1, 2, 3) AND name = 'ann'"),
///     fingerprint("select *\nfrom T -- all\nwhere id in (4) and name = 'bob'"),
/// );
/// assert_ne!(fingerprint("SELECT a FROM t"), fingerprint("SELECT b FROM t"));
/// ```
#[must_use]
pub fn fingerprint(text: &str) -> String {
    let mut hash = Fnv::new();
    let mut pieces = Pieces(text).peekable();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Word(word) => word
                .bytes()
                .for_each(|byte| hash.add(byte.to_ascii_lowercase())),
            Piece::Quoted(name) => hash.add_all(name),
            Piece::Symbol(symbol) => hash.add_all(symbol),
            Piece::Constant => {
                hash.add(b'?');
                // A list of constants counts as one.
                let mut ahead = pieces.clone();
                while ahead.next() == Some(Piece::Symbol(","))
                    && ahead.next() == Some(Piece::Constant)
                {
                    pieces = ahead.clone();
                }
            }
        }
        hash.add(0);
    }
    hash.digits()
}

/// The first word of a statement.
#[cfg(feature = "profile")]
pub(crate) fn first_word(text: &str) -> Option<&str> {
    match Pieces(text).next()? {
        Piece::Word(word) => Some(word),
        _ => None,
    }
}

/// The first word of a statement and the tables that it names, in their order: `SELECT accounts owners`. It holds neither
/// constants nor columns.
pub(crate) fn summary(text: &str) -> String {
    let mut summary = String::new();
    let mut names_table = false;
    // Behind a table's name: a dot goes on with it.
    let mut named = false;
    let mut dot = false;
    let mut before = "";
    for piece in Pieces(text) {
        let (word, plain) = match piece {
            Piece::Word(word) => (word, true),
            Piece::Quoted(word) => (word, false),
            piece => {
                dot = named && piece == Piece::Symbol(".");
                named &= dot;
                names_table = false;
                continue;
            }
        };
        if summary.chars().count() + word.chars().count() > LONGEST {
            break;
        }
        if summary.is_empty() {
            summary.push_str(&word.to_ascii_uppercase());
            names_table = is_before_table(word);
        } else if dot {
            summary.push('.');
            summary.push_str(word);
            dot = false;
        } else if plain && is_before_table(word) {
            // `FOR UPDATE` and `DO UPDATE SET` name no table.
            let names = !["for", "do", "key", "no"].contains(&&*before.to_ascii_lowercase());
            (names_table, named) = (names, false);
        } else if plain && is_noise(word) {
            named = false;
        } else {
            named = names_table;
            if names_table {
                summary.push(' ');
                summary.push_str(word);
            }
            names_table = false;
        }
        before = word;
    }
    summary
}

fn is_before_table(word: &str) -> bool {
    ["from", "into", "update", "join", "table", "copy", "upsert"]
        .iter()
        .any(|known| word.eq_ignore_ascii_case(known))
}

/// Words that may stand between the word before a table and the table.
fn is_noise(word: &str) -> bool {
    ["only", "if", "not", "exists", "lateral", "into"]
        .iter()
        .any(|known| word.eq_ignore_ascii_case(known))
}

/// A part of a statement that is neither white space nor a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'a> {
    Word(&'a str),
    /// A quoted identifier, without its quotes.
    Quoted(&'a str),
    /// A string or a number.
    Constant,
    Symbol(&'a str),
}

/// The pieces of a text. Whatever the text is, it is taken apart without an error.
#[derive(Clone)]
struct Pieces<'a>(&'a str);

impl<'a> Pieces<'a> {
    /// Takes the first `length` bytes, or all.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.0.split_at(self.0.ceil_char_boundary(length));
        self.0 = rest;
        taken
    }

    /// The length of what is quoted at the beginning, with both quotes. A doubled quote is a part of it, and so is what stands
    /// behind a backslash where those count.
    fn quoted(&self, quote: char, backslash: bool) -> usize {
        let mut chars = self.0.char_indices().skip(1).peekable();
        while let Some((at, char)) = chars.next() {
            if backslash && char == '\\' {
                chars.next();
            } else if char == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
                return at + 1;
            }
        }
        self.0.len()
    }

    /// The length of a comment in `/* */`, which nests.
    fn comment(&self) -> usize {
        let (mut depth, mut at) = (0_usize, 0);
        loop {
            let rest = self.0.get(at..).unwrap_or_default();
            if rest.is_empty() {
                return self.0.len();
            } else if rest.starts_with("/*") {
                depth += 1;
                at += 2;
            } else if rest.starts_with("*/") {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            } else {
                at += rest.chars().next().map_or(1, char::len_utf8);
            }
        }
    }

    /// The length of a string between dollars, if there is one.
    fn dollars(&self) -> Option<usize> {
        let tag = self.0.get(1..)?.find('$')? + 2;
        let (open, body) = self.0.split_at_checked(tag)?;
        let name = open.trim_matches('$');
        let is_tag = name
            .chars()
            .all(|char| char == '_' || char.is_alphanumeric())
            && !name.starts_with(|char: char| char.is_ascii_digit());
        (is_tag).then(|| body.find(open).map_or(self.0.len(), |end| tag + end + tag))
    }

    fn length(&self, of: impl Fn(char) -> bool) -> usize {
        self.0.find(|char| !of(char)).unwrap_or(self.0.len())
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            self.0 = self.0.trim_start();
            if self.0.starts_with("--") {
                self.take(self.0.find('\n').unwrap_or(self.0.len()));
            } else if self.0.starts_with("/*") {
                self.take(self.comment());
            } else {
                break;
            }
        }
        let mut chars = self.0.chars();
        let (first, second) = (chars.next()?, chars.next());
        Some(match (first, second) {
            ('\'', _) => {
                self.take(self.quoted('\'', false));
                Piece::Constant
            }
            ('e' | 'E', Some('\'')) => {
                self.take(1);
                self.take(self.quoted('\'', true));
                Piece::Constant
            }
            ('b' | 'B' | 'x' | 'X', Some('\'')) => {
                self.take(1);
                self.take(self.quoted('\'', false));
                Piece::Constant
            }
            ('"', _) => {
                let name = self.take(self.quoted('"', false));
                Piece::Quoted(name.trim_matches('"'))
            }
            ('$', Some('0'..='9')) => {
                let digits = self.0.get(1..).unwrap_or_default();
                let digits = digits.find(|char: char| !char.is_ascii_digit());
                Piece::Symbol(self.take(digits.map_or(self.0.len(), |digits| digits + 1)))
            }
            ('$', _) => match self.dollars() {
                Some(length) => {
                    self.take(length);
                    Piece::Constant
                }
                None => Piece::Symbol(self.take(1)),
            },
            ('0'..='9', _) | ('.', Some('0'..='9')) => {
                self.take(self.length(|char| char == '.' || char == '_' || char.is_alphanumeric()));
                Piece::Constant
            }
            (char, _) if char == '_' || char.is_alphabetic() => {
                let length =
                    self.length(|char| char == '_' || char == '$' || char.is_alphanumeric());
                Piece::Word(self.take(length))
            }
            (char, _) => Piece::Symbol(self.take(char.len_utf8())),
        })
    }
}

/// FNV-1a, of which a fingerprint is made: short, and the same everywhere.
pub(crate) struct Fnv(u64);

impl Fnv {
    pub(crate) const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// 16 hexadecimal digits.
    pub(crate) fn digits(&self) -> String {
        format!("{:016x}", self.0)
    }

    pub(crate) fn add(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }

    pub(crate) fn add_all(&mut self, text: &str) {
        text.bytes().for_each(|byte| self.add(byte));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_fingerprint_stays_the_same_from_release_to_release() {
        assert_eq!(
            fingerprint("SELECT a FROM t WHERE b = 'c'"),
            "058c90a3a573598b"
        );
        assert_eq!(fingerprint(""), "cbf29ce484222325");
    }

    #[test]
    fn constants_of_every_form_are_left_out() {
        let plain = fingerprint("SELECT * FROM t WHERE a = 1");
        for constant in [
            "'x'",
            "'it''s'",
            r"e'it\'s'",
            "$$x$$",
            "$tag$ it's $tag$",
            "1.5e10",
            "0x1F",
            "b'101'",
            "1, 'x', 2",
        ] {
            let text = format!("SELECT * FROM t /* 'a /* b */ */ WHERE a = {constant}");
            assert_eq!(fingerprint(&text), plain, "{constant}");
        }
        for other in ["$1", "b", "\"1\"", "f(1)"] {
            let text = format!("SELECT * FROM t WHERE a = {other}");
            assert_ne!(fingerprint(&text), plain, "{other}");
        }
    }

    #[test]
    fn a_summary_names_the_operation_and_its_tables() {
        for (text, expected) in [
            ("SELECT a, 'from x' FROM t WHERE b = 1", "SELECT t"),
            (
                "select * from a.b.t join \"My T\" on true",
                "SELECT a.b.t My T",
            ),
            ("INSERT INTO t (a) SELECT a FROM u", "INSERT t u"),
            ("UPDATE t SET a = 1", "UPDATE t"),
            ("UPSERT INTO t VALUES (1)", "UPSERT t"),
            ("SELECT * FROM t FOR NO KEY UPDATE NOWAIT", "SELECT t"),
            (
                "INSERT INTO t VALUES (1) ON CONFLICT DO UPDATE SET a = 1",
                "INSERT t",
            ),
            ("DELETE FROM ONLY t", "DELETE t"),
            ("CREATE TABLE IF NOT EXISTS t (a INT)", "CREATE t"),
            ("SELECT * FROM (SELECT * FROM u) AS v", "SELECT u"),
            ("  -- nothing\nSHOW x", "SHOW"),
            ("", ""),
        ] {
            assert_eq!(summary(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "([a-z$'\"/*\\\\.,0-9ü \n-]|E'|\\$a\\$){0,40}") {
            prop_assert_eq!(fingerprint(&text).len(), 16);
            prop_assert!(summary(&text).chars().count() <= LONGEST + 1);
        }

        #[test]
        fn a_string_never_shows(secret in "[a-z]{8}", before in "[a-z ,(=.]{0,12}") {
            let (one, other) = (format!("{before}'{secret}'"), format!("{before}'x'"));
            prop_assert_eq!(fingerprint(&one), fingerprint(&other));
            prop_assert_eq!(summary(&one), summary(&other));
        }
    }
}
