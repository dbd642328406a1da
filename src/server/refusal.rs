//! An answer to who is not listened to any more, because a head takes more than there is.

use std::time::Duration;

use bytes::Bytes;
use hyper::{
    Response,
    header::{CONNECTION, CONTENT_LENGTH, HeaderValue},
};
use tokio::io::AsyncWriteExt;

use crate::{
    admission::Refusal,
    api::{Problem, cors},
    tcp::ClientStream,
};

/// How long it may take to be written. It is short, so that it fits into a socket that is not full.
const PATIENCE: Duration = Duration::from_secs(1);

/// Says why, if there is something to be said.
pub(super) async fn tell(refusal: Option<Refusal>, stream: &mut ClientStream) {
    if let Some(refusal) = refusal {
        let answer = answer(refusal);
        let _ = tokio::time::timeout(PATIENCE, stream.write_all(&answer)).await;
    }
}

fn answer(refusal: Refusal) -> Vec<u8> {
    let mut response = Problem::from(refusal).response();
    cors::allow(response.headers_mut());
    let length = HeaderValue::from(response.body().len());
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, length);
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    written(&response)
}

/// A response as HTTP/1.1 has it.
fn written(response: &Response<Bytes>) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {}\r\n", response.status()).into_bytes();
    for (name, value) in response.headers() {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(response.body());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::Resource;

    #[test]
    fn what_is_told_is_a_whole_answer() {
        let text = String::from_utf8(answer(Refusal::Full(Resource::HeadBytes))).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with("HTTP/1.1 503 Service Unavailable\r\n"),
            "{head}"
        );
        assert!(
            head.contains(&format!("content-length: {}", body.len())),
            "{head}"
        );
        assert!(head.contains("connection: close") && head.contains("retry-after: "));
        assert!(body.contains("\"code\":\"busy\""), "{body}");
    }
}
