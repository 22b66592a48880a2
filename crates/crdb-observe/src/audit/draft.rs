//! Lines that are to be written, and the state of the log once they are.

use super::chain::{self, Mac, MacKey};
use super::error::{Error, ErrorKind};
use super::files;
use super::tree::{Tree, leaf};

/// A batch of lines.
pub(super) struct Draft {
    pub(super) lines: Vec<u8>,
    pub(super) tree: Tree,
    pub(super) mac: Mac,
    time: String,
}

impl Draft {
    /// Begins a batch of this time behind a log of this tree, whose last line has this hash. Its lines take the place of what is in
    /// `lines`.
    pub(super) fn new(tree: Tree, mac: Mac, time: String, mut lines: Vec<u8>) -> Self {
        lines.clear();
        Self {
            lines,
            tree,
            mac,
            time,
        }
    }

    /// Adds an entry, whose record is this JSON object, and gives its number. One that is refused leaves the batch as it was.
    pub(super) fn add(&mut self, key: &MacKey, record: &[u8]) -> Result<u64, Error> {
        const LIMIT: usize = files::LONGEST - 128;
        let members = record.get(1..).unwrap_or_default();
        let number = self.tree.size();
        let start = self.lines.len();
        let head = format!(r#"{{"number":{number},"time":"{}","#, self.time);
        self.lines.extend_from_slice(head.as_bytes());
        self.lines.extend_from_slice(members);
        if self.lines.len() - start > LIMIT {
            self.lines.truncate(start);
            return Err(Error::new(
                ErrorKind::Io,
                format!(
                    "an audit entry has more than {LIMIT} bytes; record less of its parameters"
                ),
            ));
        }
        self.mac = chain::seal(key, &self.mac, &mut self.lines, start);
        self.tree
            .push(leaf(self.lines.get(start..).unwrap_or_default()));
        self.lines.push(b'\n');
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::super::chain::hex;
    use super::super::record::{Outcome, Record};
    use super::*;

    /// Two lines, their hashes and their tree as Python's `hmac` and `hashlib` make them.
    #[test]
    fn lines_have_the_bytes_that_logs_have() {
        const LINES: &str = r#"{"number":0,"time":"2026-11-30T22:17:05.123456Z","principal":"ann \"a\"","service":"payments","request":"r-1","query":"accounts.close","parameters":{"id":"7"},"node":"n1:26257","outcome":"unknown","sqlstate":"40003","rows":2,"mac":"62d16abde96b59d539bccab669168960912d8e0d1cb9f70a0a2f359aba319fc1"}
{"number":1,"time":"2026-11-30T22:17:05.123456Z","principal":"bob","text_hash":"ab","outcome":"done","mac":"a41e6614ccb4b37922aa0dff2d2491d94cf284fc5e488de5f6b1d7cb1a3fa2cb"}
"#;
        let first = Record::new("ann \"a\"", Outcome::Unknown)
            .rows(2)
            .sqlstate("40003")
            .node("n1:26257")
            .parameter("id", "7")
            .query("accounts.close")
            .request("r-1")
            .service("payments");
        let second = Record::new("bob", Outcome::Done).text_hash("ab");
        let long = Record::new("x".repeat(files::LONGEST), Outcome::Done);
        let key = MacKey::new(&[1; 32]).unwrap();
        let time = "2026-11-30T22:17:05.123456Z".to_owned();
        let before = b"of the batch before".to_vec();
        let mut draft = Draft::new(Tree::default(), [0; 32], time, before);
        let mut add = |record: &Record| draft.add(&key, &record.json().unwrap());
        assert_eq!(add(&first).unwrap(), 0);
        add(&long).unwrap_err();
        assert_eq!(add(&second).unwrap(), 1);
        assert_eq!(String::from_utf8(draft.lines).unwrap(), LINES);
        assert_eq!(
            hex(&draft.mac),
            "a41e6614ccb4b37922aa0dff2d2491d94cf284fc5e488de5f6b1d7cb1a3fa2cb"
        );
        assert_eq!(
            hex(&draft.tree.root()),
            "1991a32b6241b00105df1ec7f111003119383dd450b915ada2cd4cc3aa9033ea"
        );
    }
}
