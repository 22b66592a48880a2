//! The image as a file: an OCI image layout that `docker load` reads as well.
//!
//! Formats: <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md> and, for `manifest.json`,
//! <https://github.com/moby/docker-image-spec/blob/v1.3.1/spec.md>.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::artefact::Linking;

/// The user and group that the program runs as: what distroless images call `nonroot`.
const USER: &str = "65532:65532";

/// The files of a root file system.
#[derive(Default)]
pub(super) struct Tree {
    /// By path, without a slash in front; `None` is a directory.
    entries: BTreeMap<String, Option<(u32, Vec<u8>)>>,
}

impl Tree {
    /// Adds a file, and the directories above it.
    pub(super) fn file(&mut self, path: &str, mode: u32, bytes: Vec<u8>) {
        if let Some((above, _)) = path.rsplit_once('/') {
            self.directory(above);
        }
        self.entries.insert(path.to_owned(), Some((mode, bytes)));
    }

    /// Adds a directory, and those above it.
    pub(super) fn directory(&mut self, path: &str) {
        for (end, _) in path.match_indices('/') {
            self.entries.entry(path[..end].to_owned()).or_default();
        }
        self.entries.entry(path.to_owned()).or_default();
    }

    /// A tar archive whose bytes depend on the files alone: sorted, owned by root, without times.
    pub(super) fn tar(&self) -> Result<Vec<u8>> {
        let mut archive = tar::Builder::new(Vec::new());
        for (path, entry) in &self.entries {
            let mut header = tar::Header::new_gnu();
            let bytes: &[u8] = match entry {
                Some((mode, bytes)) => {
                    header.set_entry_type(tar::EntryType::Regular);
                    header.set_mode(*mode);
                    bytes
                }
                None => {
                    header.set_entry_type(tar::EntryType::Directory);
                    header.set_mode(0o755);
                    &[]
                }
            };
            header.set_size(bytes.len() as u64);
            header.set_uid(0);
            header.set_gid(0);
            header.set_mtime(0);
            archive
                .append_data(&mut header, Path::new(path), bytes)
                .with_context(|| format!("adding {path} to the archive"))?;
        }
        archive.into_inner().context("ending the archive")
    }
}

/// An image with one layer.
pub(super) struct Image {
    pub(super) tree: Tree,
    pub(super) version: String,
    pub(super) revision: String,
    pub(super) created: String,
    pub(super) linking: Linking,
}

impl Image {
    /// What `docker load` calls it.
    pub(super) fn reference(&self) -> String {
        match self.linking {
            Linking::Static => format!("bank-service:{}", self.version),
            Linking::Shared => format!("bank-service:{}-kerberos", self.version),
        }
    }

    /// The archive, and the digest of the image's manifest.
    pub(super) fn archive(&self) -> Result<(Vec<u8>, String)> {
        let layer = self.tree.tar()?;
        let config = serde_json::to_vec(&self.config(&digest(&layer)))?;
        let manifest = serde_json::to_vec(&json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
            "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", &layer)],
        }))?;
        let mut entry = descriptor("application/vnd.oci.image.manifest.v1+json", &manifest);
        entry["annotations"] = json!({ "org.opencontainers.image.ref.name": self.version });
        let index = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [entry],
        });
        let legacy = json!([{
            "Config": blob(&config),
            "RepoTags": [self.reference()],
            "Layers": [blob(&layer)],
        }]);
        let digest = digest(&manifest);
        let mut tree = Tree::default();
        tree.file(
            "oci-layout",
            0o644,
            br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec(),
        );
        tree.file("index.json", 0o644, serde_json::to_vec(&index)?);
        tree.file("manifest.json", 0o644, serde_json::to_vec(&legacy)?);
        for bytes in [layer, config, manifest] {
            tree.file(&blob(&bytes), 0o644, bytes);
        }
        Ok((tree.tar()?, digest))
    }

    fn config(&self, layer: &str) -> Value {
        // Five seconds to start, then every ten.
        let second = 1_000_000_000_i64;
        json!({
            "created": self.created,
            "architecture": architecture(),
            "os": "linux",
            "config": {
                "User": USER,
                "Env": ["BANK_LISTEN=0.0.0.0:8080"],
                "Entrypoint": ["/bank-service"],
                "Cmd": ["serve", "/etc/bank/bank.yaml"],
                "ExposedPorts": { "8080/tcp": {} },
                "StopSignal": "SIGTERM",
                "Healthcheck": {
                    "Test": ["CMD", "/bank-service", "health", "/etc/bank/bank.yaml"],
                    "Interval": 10 * second,
                    "Timeout": 5 * second,
                    "StartPeriod": 5 * second,
                    "Retries": 3,
                },
                "Labels": {
                    "org.opencontainers.image.title": "bank-service",
                    "org.opencontainers.image.version": self.version,
                    "org.opencontainers.image.revision": self.revision,
                    "org.opencontainers.image.licenses": "MIT OR Apache-2.0",
                },
            },
            "rootfs": { "type": "layers", "diff_ids": [layer] },
            "history": [{ "created": self.created, "created_by": "cargo xtask image" }],
        })
    }
}

/// As Go calls it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": digest(bytes), "size": bytes.len() })
}

fn blob(bytes: &[u8]) -> String {
    digest(bytes).replacen("sha256:", "blobs/sha256/", 1)
}

fn digest(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = "sha256:".to_owned();
    for byte in Sha256::digest(bytes) {
        // Writing into a String does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn image() -> Image {
        let mut tree = Tree::default();
        tree.file("bank-service", 0o755, b"program".to_vec());
        tree.file("etc/bank/note", 0o644, b"note".to_vec());
        Image {
            tree,
            version: "1.2.3".to_owned(),
            revision: "abc".to_owned(),
            created: "2026-01-02T03:04:05Z".to_owned(),
            linking: Linking::Static,
        }
    }

    fn entries(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
        let mut archive = tar::Archive::new(bytes);
        let entries = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().display().to_string();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (path, bytes)
        });
        entries.collect()
    }

    #[test]
    fn the_same_files_give_the_same_bytes() {
        assert_eq!(image().archive().unwrap(), image().archive().unwrap());
    }

    #[test]
    fn every_descriptor_names_a_blob_of_its_digest_and_size() {
        let (bytes, digest_of_manifest) = image().archive().unwrap();
        let files = entries(&bytes);
        let read = |path: &str| serde_json::from_slice::<Value>(&files[path]).unwrap();
        let index = read("index.json");
        let check = |descriptor: &Value| {
            let digest = descriptor["digest"].as_str().unwrap().to_owned();
            let blob = &files[&digest.replacen("sha256:", "blobs/sha256/", 1)];
            assert_eq!(descriptor["size"], blob.len());
            assert_eq!(super::digest(blob), digest);
            blob.clone()
        };
        assert_eq!(index["manifests"][0]["digest"], digest_of_manifest);
        let manifest: Value = serde_json::from_slice(&check(&index["manifests"][0])).unwrap();
        let config: Value = serde_json::from_slice(&check(&manifest["config"])).unwrap();
        let layer = check(&manifest["layers"][0]);
        assert_eq!(
            config["rootfs"]["diff_ids"][0],
            manifest["layers"][0]["digest"]
        );
        assert_eq!(config["config"]["User"], USER);
        let names: Vec<String> = entries(&layer).into_keys().collect();
        assert_eq!(names, ["bank-service", "etc", "etc/bank", "etc/bank/note"]);
        let legacy = read("manifest.json");
        assert_eq!(legacy[0]["RepoTags"][0], "bank-service:1.2.3");
        for path in [&legacy[0]["Config"], &legacy[0]["Layers"][0]] {
            assert!(files.contains_key(path.as_str().unwrap()));
        }
    }
}
