//! Contents that are too large for the memory, piece by piece.

use crate::{Bucket, Object, ObjectError};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _};
use object_store::{PutMultipartOptions, WriteMultipart};
use std::io;
use tokio::runtime::Handle;

/// How large a piece is that goes to the store: the least that S3 takes.
const PIECE: usize = 5 << 20;
/// How many pieces may be on their way.
const UNDER_WAY: usize = 2;

/// A content, piece by piece.
pub type Body = BoxStream<'static, io::Result<Bytes>>;

/// An object that is being read.
pub struct Reading {
    /// What it is.
    pub object: Object,
    /// Its content: `object.size` bytes.
    pub body: Body,
}

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading")
            .field("object", &self.object)
            .finish_non_exhaustive()
    }
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// How many bytes.
    pub size: u64,
    /// The new etag; empty where the store has none.
    pub etag: String,
}

impl Bucket {
    /// Writes an object of at most `limit` bytes from a stream, holding a few pieces of it at a time. Readers see the old
    /// content until all is written; when the stream breaks off, or this is dropped, nothing is written.
    ///
    /// # Errors
    /// [`ObjectError::BrokeOff`] with what the stream says, [`ObjectError::TooLarge`], [`ObjectError::ReadOnly`], and
    /// whatever the store says.
    pub async fn write(
        &self,
        key: &str,
        mime: &str,
        limit: u64,
        mut body: impl Stream<Item = io::Result<Bytes>> + Send + Unpin,
    ) -> Result<Written, ObjectError> {
        self.writable()?;
        let at = self.path(key)?;
        let attributes = self.attributes(mime)?;
        let mut size = 0_u64;
        let mut first: Vec<Bytes> = Vec::new();
        let mut upload: Option<Upload> = None;
        while let Some(part) = body.next().await {
            let part = part.map_err(|error| ObjectError::BrokeOff {
                key: key.to_owned(),
                reason: error.to_string(),
            })?;
            size += part.len() as u64;
            if size > limit {
                return Err(self.too_large(key, limit));
            }
            match &mut upload {
                Some(upload) => upload.write(part).await.map_err(|error| self.error(error, key))?,
                None if size < PIECE as u64 => first.push(part),
                None => {
                    let options = PutMultipartOptions {
                        attributes: attributes.clone(),
                        ..PutMultipartOptions::default()
                    };
                    let begun = self.inner.store.as_dyn().put_multipart_opts(&at, options);
                    let begun = begun.await.map_err(|error| self.error(error, key))?;
                    let upload = upload.insert(Upload::new(begun));
                    for part in first.drain(..).chain([part]) {
                        upload.write(part).await.map_err(|error| self.error(error, key))?;
                    }
                }
            }
        }
        let etag = match upload {
            Some(upload) => upload.finish().await.map_err(|error| self.error(error, key))?,
            None => self.put(key, first.concat().into(), mime).await?,
        };
        Ok(Written { size, etag })
    }
}

/// An upload in pieces. The store is told when nothing comes of it: otherwise it would keep the pieces, and charge for
/// them.
struct Upload {
    writing: Option<WriteMultipart>,
    /// Where it was begun: it may be dropped where nothing can be sent.
    runtime: Option<Handle>,
}

impl Upload {
    fn new(begun: Box<dyn object_store::MultipartUpload>) -> Self {
        Self {
            writing: Some(WriteMultipart::new_with_chunk_size(begun, PIECE)),
            runtime: Handle::try_current().ok(),
        }
    }

    async fn write(&mut self, part: Bytes) -> object_store::Result<()> {
        if let Some(upload) = &mut self.writing {
            upload.wait_for_capacity(UNDER_WAY).await?;
            upload.put(part);
        }
        Ok(())
    }

    async fn finish(mut self) -> object_store::Result<String> {
        match self.writing.take() {
            Some(upload) => Ok(crate::bucket::etag(&upload.finish().await?)),
            None => Ok(String::new()),
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(upload) = self.writing.take()
            && let Some(runtime) = &self.runtime
        {
            runtime.spawn(async move {
                if let Err(error) = upload.abort().await {
                    tracing::warn!(%error, "an upload that came to nothing could not be taken back; the store may keep its pieces");
                }
            });
        }
    }
}
