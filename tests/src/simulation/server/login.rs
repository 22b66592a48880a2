//! Startup and login.

use std::collections::BTreeMap;
use std::io;
use std::num::NonZeroU32;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::{digest, hmac, pbkdf2};

use super::connection::Connection;
use super::messages::Messages;

/// The user's password.
pub(in crate::simulation) const PASSWORD: &str = "a password of the model";

const PROTOCOL_3: u32 = 196_608;
const CANCEL: u32 = 80_877_102;
const SALT: &[u8] = b"salt of the user";
const ITERATIONS: u32 = 4_096;

/// How a connection begins.
pub(super) enum Startup {
    /// With these parameters.
    Session(BTreeMap<String, String>),
    /// The key of the session whose statement is to be cancelled.
    Cancel(u64),
}

/// Reads the message that a connection begins with.
///
/// # Errors
/// The connection ended, or it is another protocol.
pub(super) async fn read_startup(connection: &mut Connection) -> io::Result<Startup> {
    let body = connection.read_startup().await?;
    let (code, rest) = body.split_at_checked(4).unwrap_or_default();
    let code = u32::from_be_bytes(code.try_into().unwrap_or_default());
    match code {
        CANCEL => {
            let key = rest.try_into().map(u64::from_be_bytes);
            Ok(Startup::Cancel(key.unwrap_or_default()))
        }
        PROTOCOL_3 => {
            let mut words = rest
                .split(|byte| *byte == 0)
                .map(|word| String::from_utf8_lossy(word).into_owned());
            let mut parameters = BTreeMap::new();
            while let (Some(name), Some(value)) = (words.next(), words.next()) {
                if !name.is_empty() {
                    parameters.insert(name, value);
                }
            }
            Ok(Startup::Session(parameters))
        }
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// StoredKey and ServerKey of the password (RFC 5802).
fn keys() -> &'static ([u8; 32], [u8; 32]) {
    static KEYS: OnceLock<([u8; 32], [u8; 32])> = OnceLock::new();
    KEYS.get_or_init(|| {
        let mut salted = [0; 32];
        let iterations = NonZeroU32::new(ITERATIONS).unwrap_or(NonZeroU32::MIN);
        let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
        pbkdf2::derive(
            algorithm,
            iterations,
            SALT,
            PASSWORD.as_bytes(),
            &mut salted,
        );
        let client = sign(&salted, b"Client Key");
        (hash(&client), sign(&salted, b"Server Key"))
    })
}

fn sign(key: &[u8], text: &[u8]) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let mut signature = [0; 32];
    signature.copy_from_slice(hmac::sign(&key, text).as_ref());
    signature
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

/// SCRAM-SHA-256. Says whether the client knows the password.
///
/// # Errors
/// The connection ended, or the client said what does not belong there.
pub(super) async fn scram(connection: &mut Connection, nonce: u64) -> io::Result<bool> {
    let garbled = || io::Error::from(io::ErrorKind::InvalidData);
    let mut asked = Messages::default();
    asked.push(b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0");
    connection.send(asked).await?;
    let first = connection.read_message(b'p').await?;
    // The mechanism's name, the length, and the client's first message behind its header.
    let name_ends = first.iter().position(|byte| *byte == 0);
    let first = name_ends.and_then(|end| first.get(end + 5..));
    let first = first
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .ok_or_else(garbled)?;
    let bare = first.strip_prefix("n,,").ok_or_else(garbled)?;
    let theirs = bare.split(",r=").nth(1).ok_or_else(garbled)?;
    let both = format!("{theirs}{nonce:016x}");
    let challenge = format!("r={both},s={},i={ITERATIONS}", BASE64.encode(SALT));
    let mut sent = Messages::default();
    sent.push(b'R', &[&[0, 0, 0, 11], challenge.as_bytes()].concat());
    connection.send(sent).await?;
    let last = connection.read_message(b'p').await?;
    let last = std::str::from_utf8(&last).map_err(|_| garbled())?;
    let (without_proof, proof) = last.rsplit_once(",p=").ok_or_else(garbled)?;
    let proof = BASE64.decode(proof).map_err(|_| garbled())?;
    let exchanged = format!("{bare},{challenge},{without_proof}");
    let (stored, server) = keys();
    let signature = sign(stored, exchanged.as_bytes());
    let client: Vec<u8> = proof.iter().zip(signature).map(|(a, b)| a ^ b).collect();
    if hash(&client) != *stored || without_proof != format!("c=biws,r={both}") {
        return Ok(false);
    }
    let proven = BASE64.encode(sign(server, exchanged.as_bytes()));
    let mut sent = Messages::default();
    sent.push(
        b'R',
        &[&[0, 0, 0, 12], b"v=".as_slice(), proven.as_bytes()].concat(),
    );
    connection.send(sent).await?;
    Ok(true)
}
