//! `cert`: an authority, and what it signs, under the names that `cockroach cert` gives to the files.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use crate::{Failure, Line};

/// Makes what `what` names.
pub(crate) fn create(what: &str, names: &[&str], line: &Line) -> Result<(), Failure> {
    let directory = PathBuf::from(line.option("certs-dir")?);
    let authority = Path::new(line.option("ca-key")?);
    let (file, name, usages): (String, &str, &[ExtendedKeyUsagePurpose]) = match (what, names) {
        ("create-ca", []) => return create_authority(&directory, authority),
        ("create-node", [_, ..]) => {
            let usages = &[
                ExtendedKeyUsagePurpose::ServerAuth,
                ExtendedKeyUsagePurpose::ClientAuth,
            ];
            ("node".to_owned(), "node", usages)
        }
        ("create-client", [user]) => {
            let usages = &[ExtendedKeyUsagePurpose::ClientAuth];
            (format!("client.{user}"), user, usages)
        }
        _ => return Err(format!("cert {what}: not understood").into()),
    };
    let hosts = match what {
        "create-node" => names.iter().map(|name| (*name).to_owned()).collect(),
        _ => Vec::new(),
    };
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(hosts)?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = usages.to_vec();
    params.use_authority_key_identifier_extension = true;
    let issuer = Issuer::new(
        authority_params(),
        KeyPair::from_pem(&fs::read_to_string(authority)?)?,
    );
    let certificate = params.signed_by(&key, &issuer)?;
    write(
        &directory.join(format!("{file}.crt")),
        &certificate.pem(),
        0o644,
    )?;
    write(
        &directory.join(format!("{file}.key")),
        &key.serialize_pem(),
        0o600,
    )
}

fn create_authority(directory: &Path, key_file: &Path) -> Result<(), Failure> {
    let key = KeyPair::generate()?;
    let certificate = authority_params().self_signed(&key)?;
    write(key_file, &key.serialize_pem(), 0o600)?;
    write(&directory.join("ca.crt"), &certificate.pem(), 0o644)
}

fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "Cockroach CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    params
}

/// Creates the file with its mode. One that is there is an error, as it is for `cockroach cert`.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| format!("writing {}: {error}", path.display()).into())
}
