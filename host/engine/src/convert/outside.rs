//! What reaches beyond chat: jobs, requests both ways, databases, buckets.

use super::all;
use crate::bindings::exports::moa::plugin::{jobs, webhooks};
use crate::bindings::moa::plugin::{http, objects, schedule, sql};
use crate::capability::{Cell, HttpBody, HttpRequest, HttpResponse, Job, Missed, Object, Rows, Signing};
use moa_core::call::{HookAnswer, HookCall, JobCall};

same!(schedule::Missed => Missed: Skip, Once, All);

impl From<Job> for schedule::Job {
    fn from(job: Job) -> Self {
        Self {
            name: job.name,
            next: job.next,
            cron: job.cron,
            timezone: job.timezone,
            payload: job.payload,
        }
    }
}

impl From<JobCall> for jobs::Job {
    fn from(call: JobCall) -> Self {
        Self {
            invocation: call.invocation.into(),
            name: call.name,
            due: call.due,
            payload: call.payload,
        }
    }
}

impl From<HookCall> for webhooks::Request {
    fn from(call: HookCall) -> Self {
        Self {
            invocation: call.invocation.into(),
            name: call.name,
            method: call.method,
            path: call.path,
            query: call.query,
            headers: call.headers,
            body: call.body,
        }
    }
}

impl From<webhooks::Response> for HookAnswer {
    fn from(response: webhooks::Response) -> Self {
        Self {
            status: response.status,
            headers: response.headers,
            body: response.body,
        }
    }
}

impl From<http::Request> for HttpRequest {
    fn from(request: http::Request) -> Self {
        Self {
            method: request.method,
            url: request.url,
            headers: request.headers,
            body: match request.body {
                http::Body::Empty => HttpBody::Empty,
                http::Body::Bytes(bytes) => HttpBody::Bytes(bytes),
                http::Body::Object((bucket, key)) => HttpBody::Object { bucket, key },
            },
            timeout_ms: request.timeout_ms,
            sign: request.sign.map(|sign| match sign {
                http::Signing::AwsSigv4((secret, region, service)) => Signing::AwsSigv4 {
                    secret,
                    region,
                    service,
                },
                http::Signing::HmacSha256((secret, header)) => Signing::HmacSha256 { secret, header },
            }),
        }
    }
}

impl From<HttpResponse> for http::Response {
    fn from(response: HttpResponse) -> Self {
        Self {
            status: response.status,
            headers: response.headers,
            body: response.body,
        }
    }
}

impl From<sql::Cell> for Cell {
    fn from(cell: sql::Cell) -> Self {
        match cell {
            sql::Cell::Null => Self::Null,
            sql::Cell::Truth(truth) => Self::Truth(truth),
            sql::Cell::Integer(number) => Self::Integer(number),
            sql::Cell::Number(number) => Self::Number(number),
            sql::Cell::Decimal(digits) => Self::Decimal(digits),
            sql::Cell::Text(text) => Self::Text(text),
            sql::Cell::Bytes(bytes) => Self::Bytes(bytes),
            sql::Cell::Time(time) => Self::Time(time),
        }
    }
}

impl From<Cell> for sql::Cell {
    fn from(cell: Cell) -> Self {
        match cell {
            Cell::Null => Self::Null,
            Cell::Truth(truth) => Self::Truth(truth),
            Cell::Integer(number) => Self::Integer(number),
            Cell::Number(number) => Self::Number(number),
            Cell::Decimal(digits) => Self::Decimal(digits),
            Cell::Text(text) => Self::Text(text),
            Cell::Bytes(bytes) => Self::Bytes(bytes),
            Cell::Time(time) => Self::Time(time),
        }
    }
}

impl From<Rows> for sql::Rows {
    fn from(rows: Rows) -> Self {
        Self {
            columns: rows.columns,
            rows: rows.rows.into_iter().map(all).collect(),
            truncated: rows.truncated,
        }
    }
}

impl From<Object> for objects::Object {
    fn from(object: Object) -> Self {
        Self {
            key: object.key,
            size: object.size,
            etag: object.etag,
            modified: object.modified,
        }
    }
}
