//! The signed root of the tree: a C2SP tlog-checkpoint in a C2SP signed note.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use super::chain::hex;
use super::error::{Error, ErrorKind};
use super::tree::{Hash, Tree};

/// The signature type of Ed25519 in a signed note.
const TYPE: u8 = 1;

/// What stands before a signature (U+2014 and a space).
const DASH: &str = "\u{2014} ";

/// Signs checkpoints, under a name.
pub struct Signer {
    name: String,
    pair: Ed25519KeyPair,
}

impl Signer {
    /// A signer with the Ed25519 key of this seed. `name` says whose log it is, by convention a URL without its scheme.
    ///
    /// # Errors
    /// [`ErrorKind::Key`] when the name is empty, or has a space, a `+` or a line end.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, Error> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed);
        Self::new(name, pair)
    }

    /// A signer with an Ed25519 key in PKCS#8, as `openssl genpkey -algorithm ed25519 -outform DER` writes it.
    ///
    /// # Errors
    /// [`ErrorKind::Key`] when it is no such key, or the name as in [`from_seed`](Self::from_seed).
    pub fn from_pkcs8(name: &str, der: &[u8]) -> Result<Self, Error> {
        Self::new(name, Ed25519KeyPair::from_pkcs8_maybe_unchecked(der))
    }

    fn new(
        name: &str,
        pair: Result<Ed25519KeyPair, ring::error::KeyRejected>,
    ) -> Result<Self, Error> {
        check_name(name)?;
        // The library's error says no more than that it is no key, and is not shown: it has read a secret.
        let pair = pair.map_err(|_| {
            Error::new(
                ErrorKind::Key,
                "the key that signs checkpoints is no Ed25519 key in PKCS#8; \
                 `openssl genpkey -algorithm ed25519 -outform DER` makes one",
            )
        })?;
        Ok(Self {
            name: name.to_owned(),
            pair,
        })
    }

    /// The public key that verifies its checkpoints. Give it to the auditors who check the log.
    #[must_use]
    pub fn verifier_key(&self) -> VerifierKey {
        let mut public = [0; 32];
        public.copy_from_slice(self.pair.public_key().as_ref());
        VerifierKey {
            name: self.name.clone(),
            public,
        }
    }

    /// The origin line of its checkpoints: its name.
    pub(super) fn origin(&self) -> &str {
        &self.name
    }

    /// Signs the tree as it is.
    pub(super) fn sign(&self, tree: &Tree) -> Checkpoint {
        let checkpoint = Checkpoint {
            origin: self.name.clone(),
            size: tree.size(),
            root: tree.root(),
            note: String::new(),
        };
        let text = checkpoint.text();
        let key = self.verifier_key();
        let mut blob = key.id().to_vec();
        blob.extend_from_slice(self.pair.sign(text.as_bytes()).as_ref());
        let note = format!("{text}\n{DASH}{} {}\n", self.name, STANDARD.encode(blob));
        Checkpoint { note, ..checkpoint }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.verifier_key())
    }
}

fn check_name(name: &str) -> Result<(), Error> {
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == '+') {
        return Err(Error::new(
            ErrorKind::Key,
            format!("the name {name:?} of an audit log is empty, or has a space or a '+' in it"),
        ));
    }
    Ok(())
}

/// The public key of a [`Signer`]. Its text form is the one of C2SP's signed notes: `NAME+ID+KEY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    public: [u8; 32],
}

impl VerifierKey {
    /// The first four bytes of the hash of name, type and key.
    fn id(&self) -> [u8; 4] {
        let mut bytes = self.name.clone().into_bytes();
        bytes.extend_from_slice(&[b'\n', TYPE]);
        bytes.extend_from_slice(&self.public);
        let mut id = [0; 4];
        id.copy_from_slice(&digest(&SHA256, &bytes).as_ref()[..4]);
        id
    }

    /// Reads a note and checks that this key has signed it.
    ///
    /// # Errors
    /// [`ErrorKind::Damaged`] when it is no checkpoint, or not signed by this key.
    pub fn open(&self, note: &str) -> Result<Checkpoint, Error> {
        let damaged = |what: &str| Error::new(ErrorKind::Damaged, format!("a checkpoint {what}"));
        let (text, signatures) = note
            .split_once("\n\n")
            .ok_or_else(|| damaged("has no signature"))?;
        let checkpoint = Checkpoint::parse(text).ok_or_else(|| damaged("has the wrong form"))?;
        let signed = format!("{text}\n");
        let key = UnparsedPublicKey::new(&ED25519, &self.public);
        let found = signatures.lines().any(|line| {
            let parts = line
                .strip_prefix(DASH)
                .and_then(|rest| rest.split_once(' '));
            let Some((name, blob)) = parts else {
                return false;
            };
            let Ok(blob) = STANDARD.decode(blob) else {
                return false;
            };
            name == self.name
                && blob.split_at_checked(4).is_some_and(|(id, signature)| {
                    id == self.id() && key.verify(signed.as_bytes(), signature).is_ok()
                })
        });
        if !found {
            return Err(damaged(&format!("is not signed by {}", self.name)));
        }
        if checkpoint.origin != self.name {
            return Err(damaged(&format!(
                "is of another log: {}",
                checkpoint.origin
            )));
        }
        Ok(Checkpoint {
            note: note.to_owned(),
            ..checkpoint
        })
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut blob = vec![TYPE];
        blob.extend_from_slice(&self.public);
        let (name, id) = (&self.name, hex(&self.id()));
        write!(f, "{name}+{id}+{}", STANDARD.encode(blob))
    }
}

impl FromStr for VerifierKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let key = || {
            let (name, rest) = text.split_once('+')?;
            let (id, blob) = rest.split_once('+')?;
            let blob = STANDARD.decode(blob).ok()?;
            let (kind, public) = blob.split_first()?;
            let key = Self {
                name: name.to_owned(),
                public: public.try_into().ok()?,
            };
            (*kind == TYPE && hex(&key.id()) == id).then_some(key)
        };
        let key = key().ok_or_else(|| {
            Error::new(
                ErrorKind::Key,
                "a verifier key has the form NAME+ID+KEY, as the signer prints it",
            )
        })?;
        check_name(&key.name)?;
        Ok(key)
    }
}

/// The root of the log at one size, signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
    note: String,
}

impl Checkpoint {
    /// How many entries it covers.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The hash of the tree over them.
    #[must_use]
    pub const fn root(&self) -> &[u8; 32] {
        &self.root
    }

    /// The signed note: what is kept elsewhere, and what [`VerifierKey::open`] reads.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.note
    }

    fn text(&self) -> String {
        let root = STANDARD.encode(self.root);
        format!("{}\n{}\n{root}\n", self.origin, self.size)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        // A leading zero or a sign would be another text for the same size.
        let canonical = size == "0" || !size.starts_with(['0', '+']);
        Some(Self {
            origin: origin.to_owned(),
            size: size.parse().ok().filter(|_| canonical)?,
            root: STANDARD.decode(root).ok()?.try_into().ok()?,
            note: String::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::leaf;
    use super::*;

    fn signer() -> Signer {
        Signer::from_seed("example.com/log", &[9; 32]).unwrap()
    }

    fn tree() -> Tree {
        let mut tree = Tree::default();
        tree.push(leaf(b"one"));
        tree.push(leaf(b"two"));
        tree
    }

    #[test]
    fn a_checkpoint_is_read_with_the_key_that_signed_it() {
        let checkpoint = signer().sign(&tree());
        let key: VerifierKey = signer().verifier_key().to_string().parse().unwrap();
        let read = key.open(checkpoint.note()).unwrap();
        assert_eq!(read, checkpoint);
        assert_eq!((read.size(), *read.root()), (2, tree().root()));
    }

    #[test]
    fn the_text_is_that_of_the_specification() {
        let note = signer().sign(&tree()).note().to_owned();
        let lines: Vec<&str> = note.split('\n').collect();
        assert_eq!(lines[0], "example.com/log");
        assert_eq!(lines[1], "2");
        assert_eq!(STANDARD.decode(lines[2]).unwrap().len(), 32);
        assert_eq!(lines[3], "");
        assert!(lines[4].starts_with("\u{2014} example.com/log "));
        assert_eq!(lines[5..], [""]);
    }

    #[test]
    fn whatever_is_changed_is_noticed() {
        let checkpoint = signer().sign(&tree());
        let key = signer().verifier_key();
        let note = checkpoint.note();
        for at in 0..note.len() {
            let mut bytes = note.as_bytes().to_vec();
            bytes[at] ^= 1;
            let Ok(changed) = String::from_utf8(bytes) else {
                continue;
            };
            if let Ok(read) = key.open(&changed) {
                // A byte of another signature line, or of the base64 padding, may change; what is signed may not.
                assert_eq!((read.size(), read.root()), (2, checkpoint.root()), "{at}");
            }
        }
        let other = Signer::from_seed("example.com/log", &[8; 32]).unwrap();
        assert!(other.verifier_key().open(note).is_err());
        assert!(key.open("").is_err());
        assert!(key.open("a\n1\n\n").is_err());
    }

    #[test]
    fn names_and_keys_of_the_wrong_form_are_refused() {
        for name in ["", "a b", "a+b", "a\nb"] {
            assert!(Signer::from_seed(name, &[1; 32]).is_err(), "{name:?}");
        }
        for text in ["", "a+b", "a+00000000+AAAA", "no key"] {
            assert!(text.parse::<VerifierKey>().is_err(), "{text:?}");
        }
        assert!(Signer::from_pkcs8("a", b"not a key").is_err());
    }
}
