//! A bare axum server that answers 401 to everything.

use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::net::Ipv4Addr;
use tokio::net::TcpListener;
use tower_service::Service;

/// Runs it in this process until it is killed; prints its address.
pub async fn run() -> anyhow::Result<()> {
    let routes = Router::new().fallback(|| async { (StatusCode::UNAUTHORIZED, "unauthorized\n") });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let routes = routes.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                let mut routes = routes.clone();
                async move { Service::call(&mut routes, request.map(Body::new)).await }
            });
            // Whoever goes away in the middle is no matter here.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}
