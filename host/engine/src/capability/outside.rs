//! What reaches beyond chat: later times, other machines, databases, buckets. What each function promises stands in the
//! contract, `schedule.wit`, `http.wit`, `sql.wit` and `objects.wit`.
//!
//! Every function has a body, for hosts that lack it: it answers [`CapError::Unsupported`](moa_core::call::CapError).

use super::absent;
use async_trait::async_trait;
use moa_core::call::CapResult;

/// A host that has none of this.
#[derive(Clone, Copy, Debug)]
pub struct Absent;

impl Schedule for Absent {}
impl Http for Absent {}
impl Sql for Absent {}
impl Objects for Absent {}

/// What happens to due times that passed while nobody could run them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// Nothing.
    Skip,
    /// One run for all of them.
    Once,
    /// One run for each, oldest first.
    All,
}

/// A job, as its plugin sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// The next due time, RFC 3339; `None` if there will be none.
    pub next: Option<String>,
    /// The cron expression; `None` for a job that runs once.
    pub cron: Option<String>,
    /// The zone in which the expression is read, an IANA name.
    pub timezone: String,
    /// Handed to each run.
    pub payload: String,
}

/// Work at a later time, made at run time.
#[async_trait]
pub trait Schedule: Send + Sync {
    /// Once, at an instant (RFC 3339). Replaces the job of that name.
    async fn at(&self, _name: String, _when: String, _payload: String) -> CapResult<()> {
        absent("schedule.at")
    }
    /// Again and again by a cron expression. Replaces the job of that name.
    async fn every(
        &self,
        _name: String,
        _cron: String,
        _timezone: String,
        _missed: Missed,
        _payload: String,
    ) -> CapResult<()> {
        absent("schedule.every")
    }
    /// Cancels. Whether the job was there.
    async fn cancel(&self, _name: String) -> CapResult<bool> {
        absent("schedule.cancel")
    }
    /// The plugin's jobs, those of the manifest included, ascending by name.
    async fn list(&self) -> CapResult<Vec<Job>> {
        absent("schedule.list")
    }
}

/// What a request carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpBody {
    /// Nothing.
    Empty,
    /// These bytes.
    Bytes(Vec<u8>),
    /// An object.
    Object {
        /// The operator's name of the bucket.
        bucket: String,
        /// The object's key.
        key: String,
    },
}

/// How the host signs a request on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signing {
    /// AWS Signature Version 4 over the whole request.
    AwsSigv4 {
        /// The name of the secret whose value is `ACCESS-KEY-ID:SECRET-KEY`.
        secret: String,
        /// The region.
        region: String,
        /// The service.
        service: String,
    },
    /// HMAC-SHA-256 over the body, in lower-case hexadecimal.
    HmacSha256 {
        /// The name of the secret.
        secret: String,
        /// The header that carries it.
        header: String,
    },
}

/// A request to the outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method, in capitals.
    pub method: String,
    /// An absolute http or https address.
    pub url: String,
    /// Headers in the order in which they are sent; a name may come several times.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: HttpBody,
    /// How long the whole exchange may take, in milliseconds; 0 leaves it to the host.
    pub timeout_ms: u32,
    /// How to sign it; `None` for not at all.
    pub sign: Option<Signing>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// Headers, names in lower case, in the order received.
    pub headers: Vec<(String, String)>,
    /// The body, decompressed.
    pub body: Vec<u8>,
}

/// Requests to the outside.
#[async_trait]
pub trait Http: Send + Sync {
    /// Sends and waits for the whole response.
    async fn fetch(&self, _what: HttpRequest) -> CapResult<HttpResponse> {
        absent("http.fetch")
    }
    /// Sends, and stores the response's body as an object; the body that is returned is empty.
    async fn fetch_to_object(&self, _what: HttpRequest, _bucket: String, _key: String) -> CapResult<HttpResponse> {
        absent("http.fetch-to-object")
    }
    /// Whether a request may be sent by `exchange`, as far as its method and address tell. Asked before its body is
    /// taken; `exchange` looks again.
    async fn may(&self, _method: &str, _url: &str) -> CapResult<()> {
        Ok(())
    }
    /// Sends for a language's own HTTP client (`wasi:http`), which follows redirects by itself.
    ///
    /// The client goes on while this does: it may be called several times at once, and beside other functions.
    async fn exchange(&self, _what: HttpRequest) -> CapResult<HttpResponse> {
        absent("wasi:http")
    }
}

/// A value of a column or parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// NULL.
    Null,
    /// A truth value.
    Truth(bool),
    /// An integer.
    Integer(i64),
    /// A floating-point number.
    Number(f64),
    /// An exact number, in decimal digits.
    Decimal(String),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// An instant, or a date or time as text where the column has no zone.
    Time(String),
}

/// What a query found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// The columns' names, in the statement's order.
    pub columns: Vec<String>,
    /// The rows, each as long as `columns`, in the database's order.
    pub rows: Vec<Vec<Cell>>,
    /// Whether there was more than the connection's limits allow.
    pub truncated: bool,
}

/// Databases that the operator named.
#[async_trait]
pub trait Sql: Send + Sync {
    /// Reads.
    async fn query(&self, _connection: String, _text: String, _params: Vec<Cell>) -> CapResult<Rows> {
        absent("sql.query")
    }
    /// Writes; the number of rows concerned.
    async fn execute(&self, _connection: String, _text: String, _params: Vec<Cell>) -> CapResult<u32> {
        absent("sql.execute")
    }
}

/// An object without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The key.
    pub key: String,
    /// The size in bytes; `u32::MAX` for anything that large or larger.
    pub size: u32,
    /// Changes with the content; empty where the store has none.
    pub etag: String,
    /// When it was last written, RFC 3339 in UTC.
    pub modified: String,
}

/// Some of a bucket's objects, and where to go on; `None` if that was all.
pub type ObjectPage = (Vec<Object>, Option<String>);

/// Object stores that the operator named.
#[async_trait]
pub trait Objects: Send + Sync {
    /// The content, whole.
    async fn get(&self, _bucket: String, _key: String) -> CapResult<Vec<u8>> {
        absent("objects.get")
    }
    /// Writes, whatever was there. Returns the new etag.
    async fn put(&self, _bucket: String, _key: String, _data: Vec<u8>, _mime: String) -> CapResult<String> {
        absent("objects.put")
    }
    /// The objects whose keys begin with `prefix`, ascending by key, a page at a time.
    async fn list(&self, _bucket: String, _prefix: String, _cursor: Option<String>) -> CapResult<ObjectPage> {
        absent("objects.list")
    }
    /// Deletes. One that is not there is success.
    async fn delete(&self, _bucket: String, _key: String) -> CapResult<()> {
        absent("objects.delete")
    }
    /// An address by which anybody can read the object for so many seconds, from 1 to 604,800.
    async fn sign(&self, _bucket: String, _key: String, _seconds: u32) -> CapResult<String> {
        absent("objects.sign")
    }
}
