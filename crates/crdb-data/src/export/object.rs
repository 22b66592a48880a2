//! Objects of a store. An object is there as a whole when its upload is completed, and not before.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use futures_util::stream::BoxStream;
use object_store::path::Path;
use object_store::{GetResult, ObjectStore, ObjectStoreExt as _, WriteMultipart};

use super::sink::Written;
use crate::error::{Error, ErrorKind};

/// How many bytes are uploaded at once; S3 wants 5 MiB at least.
const PIECE: usize = 8 << 20;

/// How many pieces are under way at once.
const PIECES: usize = 2;

/// An object that is being uploaded.
pub(crate) struct ObjectSink {
    name: String,
    upload: WriteMultipart,
    written: Written,
}

impl ObjectSink {
    pub(crate) async fn create(store: &Arc<dyn ObjectStore>, name: String) -> Result<Self, Error> {
        let path = Path::from(name.as_str());
        let upload = store
            .put_multipart(&path)
            .await
            .map_err(|error| failed("beginning an upload", &name, error))?;
        Ok(Self {
            name,
            upload: WriteMultipart::new_with_chunk_size(upload, PIECE),
            written: Written::default(),
        })
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.upload
            .wait_for_capacity(PIECES)
            .await
            .map_err(|error| failed("uploading", &self.name, error))?;
        self.upload.write(bytes);
        self.written.add(bytes);
        Ok(())
    }

    pub(crate) fn written(&self) -> Written {
        self.written.clone()
    }

    /// Completes the upload.
    pub(crate) async fn publish(self) -> Result<(), Error> {
        let finished = self.upload.finish().await;
        finished
            .map(drop)
            .map_err(|error| failed("completing an upload", &self.name, error))
    }

    /// Gives the upload up, so that the store does not keep its parts.
    pub(crate) async fn abort(self) {
        // What cannot be given up now is the business of the store's own rules.
        drop(self.upload.abort().await);
    }
}

/// Removes the manifest of an earlier export.
pub(crate) async fn remove(store: &Arc<dyn ObjectStore>, name: &str) -> Result<(), Error> {
    match store.delete(&Path::from(name)).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(failed(
            "removing the manifest of an earlier export",
            name,
            error,
        )),
    }
}

/// The bytes of an object, as they come.
pub(crate) type Pieces = BoxStream<'static, object_store::Result<Bytes>>;

/// Begins to read an object.
pub(crate) async fn open(store: &Arc<dyn ObjectStore>, name: &str) -> Result<Pieces, Error> {
    let found = store.get(&Path::from(name)).await;
    found
        .map(GetResult::into_stream)
        .map_err(|error| unread(name, error))
}

/// The next bytes; `None` at the end.
pub(crate) async fn next_piece(pieces: &mut Pieces, name: &str) -> Result<Option<Bytes>, Error> {
    let piece = pieces.try_next().await;
    piece.map_err(|error| unread(name, error))
}

/// Writes a small object.
pub(crate) async fn put(
    store: &Arc<dyn ObjectStore>,
    name: &str,
    text: Vec<u8>,
) -> Result<(), Error> {
    store
        .put(&Path::from(name), text.into())
        .await
        .map(drop)
        .map_err(|error| failed("writing the manifest", name, error))
}

fn unread(name: &str, error: object_store::Error) -> Error {
    Error::new(ErrorKind::Io, format!("reading the object \"{name}\""))
        .with_source(error)
        .with_advice("check the prefix and the rights in the store")
}

fn failed(what: &str, name: &str, error: object_store::Error) -> Error {
    Error::new(ErrorKind::Io, format!("{what} of the object \"{name}\""))
        .with_source(error)
        .with_advice("nothing half is visible; do it again")
}
