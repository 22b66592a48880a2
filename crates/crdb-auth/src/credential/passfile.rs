//! libpq's password file.

use crate::endpoint::Endpoint;
use crate::secret::Secret;

/// The password of the first line `host:port:database:user:password` that fits.
///
/// `*` fits everything, `\` escapes `:` and itself, `#` begins a comment line (PostgreSQL's
/// documentation, "The Password File"). A Unix socket directory is looked up as it is written,
/// and as `localhost` when it is the default one, which this crate has not.
pub(super) fn find(
    content: &[u8],
    endpoint: &Endpoint,
    database: &str,
    user: &str,
) -> Option<Secret> {
    let port = endpoint.port.to_string();
    content.split(|&byte| byte == b'\n').find_map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.first() == Some(&b'#') {
            return None;
        }
        let mut rest = line;
        for wanted in [endpoint.host.as_str(), &port, database, user] {
            rest = fits(rest, wanted.as_bytes())?;
        }
        Some(Secret::new(unescape(rest)))
    })
}

/// What follows the field and its colon, if the field fits.
fn fits<'a>(line: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    if let Some(rest) = line.strip_prefix(b"*:") {
        return Some(rest);
    }
    let mut rest = line;
    let mut wanted = wanted.iter();
    loop {
        let (&byte, tail) = rest.split_first()?;
        rest = tail;
        let byte = match byte {
            b':' => return wanted.next().is_none().then_some(rest),
            b'\\' => {
                let (&escaped, tail) = rest.split_first()?;
                rest = tail;
                escaped
            }
            byte => byte,
        };
        if wanted.next() != Some(&byte) {
            return None;
        }
    }
}

/// The password ends at an unescaped colon, as libpq has it since version 16, or with the line.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b':' => break,
            b'\\' => out.extend(bytes.next()),
            byte => out.push(byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(content: &str, host: &str, user: &str) -> Option<String> {
        find(content.as_bytes(), &Endpoint::new(host, 5432), "bank", user)
            .map(|secret| String::from_utf8(secret.expose().to_vec()).unwrap())
    }

    #[test]
    fn the_first_line_that_fits_wins() {
        let content = "# comment\nother:5432:bank:app:no\n*:5432:*:app:yes\n*:*:*:*:late\n";
        assert_eq!(look(content, "db", "app").as_deref(), Some("yes"));
        assert_eq!(look(content, "db", "root").as_deref(), Some("late"));
        assert_eq!(look("db:5433:*:*:x", "db", "app"), None);
        assert_eq!(look("db2:*:*:*:x\nd:*:*:*:x", "db", "app"), None);
    }

    #[test]
    fn escapes_and_addresses() {
        assert_eq!(
            look(r"\:\:1:5432:*:a\\b:p\:w\\d", "::1", r"a\b").as_deref(),
            Some(r"p:w\d")
        );
        assert_eq!(look("db:*:*:*:pw\r\n", "db", "app").as_deref(), Some("pw"));
        assert_eq!(look("db:*:*", "db", "app"), None);
    }
}
