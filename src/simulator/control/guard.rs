//! Refuses whoever may not use the control API.

use std::sync::Arc;

use poem::http::{Method, header};
use poem::{Endpoint, IntoResponse, Request, Response};

use super::error::ControlError;
use crate::access::Caller;
use crate::live::Live;

/// Wraps all routes.
pub async fn guarded<E: Endpoint>(endpoint: Arc<E>, req: Request) -> poem::Result<Response> {
    if let Some(live) = req.data::<Arc<Live>>() {
        let admitted = live.access.control(&caller(&req));
        admitted.map_err(ControlError::Refused)?;
    }
    endpoint.call(req).await.map(IntoResponse::into_response)
}

fn caller(req: &Request) -> Caller<'_> {
    let is = |name: &str, value: &str| req.header(name) == Some(value);
    Caller {
        peer: req.remote_addr().as_socket_addr().map(|addr| addr.ip()),
        host: req.header(header::HOST),
        origin: req.header(header::ORIGIN),
        site: req.header("sec-fetch-site"),
        is_visit: req.method() == Method::GET
            && is("sec-fetch-mode", "navigate")
            && is("sec-fetch-dest", "document"),
    }
}
