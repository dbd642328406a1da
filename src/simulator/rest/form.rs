//! Bodies that may carry files: JSON, or multipart with `payload_json`.

use std::sync::Arc;

use bytes::Bytes;
use poem::http::header;
use poem::web::Field;
use poem::web::Multipart;
use poem::{FromRequest, Request, RequestBody};
use serde_json::{Map, Value};

use super::error::RestError;
use super::request::JsonBody;
use crate::interactions::message::Upload;
use crate::interactions::thread::Draft;
use crate::live::Live;

/// The largest file, in bytes.
const MAX_FILE: usize = 10 << 20;
/// The largest request with files, in bytes, as at Discord.
const MAX_FORM: usize = 25 << 20;
/// Files in one message.
const MAX_FILES: usize = 10;

/// A payload and its files.
#[derive(Debug, Default)]
pub struct Form {
    /// The payload, an object.
    pub payload: Map<String, Value>,
    files: Vec<Upload>,
}

impl Form {
    /// A message of the payload and the files, which get ids.
    pub fn draft(self, live: &Arc<Live>) -> Draft {
        let files = self
            .files
            .into_iter()
            .map(|file| (live.interactions.new_id(), file))
            .collect();
        Draft {
            data: self.payload,
            files,
        }
    }

    async fn read(mut multipart: Multipart) -> Result<Self, RestError> {
        let mut form = Self::default();
        while let Some(field) = multipart.next_field().await.map_err(|_| broken())? {
            let name = field.name().unwrap_or_default().to_owned();
            if name == "payload_json" {
                let bytes = field.bytes().await.map_err(|_| broken())?;
                form.payload =
                    object(serde_json::from_slice(&bytes).map_err(|_| RestError::InvalidJson)?)?;
            } else if field.file_name().is_some() {
                let upload = upload(&name, field).await?;
                form.files.push(upload);
            } else {
                let text = field.text().await.map_err(|_| broken())?;
                form.payload.insert(name, Value::String(text));
            }
            if form.files.len() > MAX_FILES {
                return Err(RestError::field(
                    "files",
                    "BASE_TYPE_MAX_LENGTH",
                    "Must be 10 or fewer in length.",
                ));
            }
        }
        Ok(form)
    }
}

async fn upload(name: &str, field: Field) -> Result<Upload, RestError> {
    let number = name
        .trim_start_matches(|c: char| !c.is_ascii_digit())
        .trim_end_matches(']')
        .parse();
    let filename = plain(field.file_name().unwrap_or("file"));
    let content_type = field.content_type().map(str::to_owned);
    let bytes = Bytes::from(field.bytes().await.map_err(|_| broken())?);
    if bytes.len() > MAX_FILE {
        return Err(RestError::TooLarge);
    }
    Ok(Upload {
        number: number.unwrap_or_default(),
        filename,
        content_type,
        bytes,
    })
}

/// A file name as Discord keeps it: what does not belong into a URL becomes an underscore.
fn plain(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    name.chars()
        .map(|c| if plain(c) { c } else { '_' })
        .collect()
}

impl<'a> FromRequest<'a> for Form {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let content_type = req.header(header::CONTENT_TYPE).unwrap_or_default();
        if content_type.starts_with("multipart/form-data") {
            let bytes = body.take()?.into_bytes_limit(MAX_FORM).await;
            *body = RequestBody::new(bytes.map_err(|_| RestError::TooLarge)?.into());
            let multipart = Multipart::from_request(req, body)
                .await
                .map_err(|_| broken())?;
            return Ok(Self::read(multipart).await?);
        }
        let JsonBody(payload) = JsonBody::from_request(req, body).await?;
        Ok(Self {
            payload: object(payload)?,
            files: vec![],
        })
    }
}

fn object(payload: Value) -> Result<Map<String, Value>, RestError> {
    match payload {
        Value::Object(map) => Ok(map),
        _ => Err(RestError::field(
            "_",
            "DICT_TYPE_CONVERT",
            "Only dictionaries may be used in a DictType",
        )),
    }
}

fn broken() -> RestError {
    RestError::field(
        "_",
        "MULTIPART_INVALID",
        "The multipart body is not complete",
    )
}

#[cfg(test)]
mod tests {
    use poem::Body;

    use super::*;

    async fn read(file: usize) -> poem::Result<Form> {
        let mut text = concat!(
            "--x\r\nContent-Disposition: form-data; name=\"payload_json\"\r\n\r\n{}\r\n",
            "--x\r\nContent-Disposition: form-data; name=\"files[3]\"; filename=\"a b\"\r\n\r\n",
        )
        .to_owned();
        text.push_str(&"y".repeat(file));
        text.push_str("\r\n--x--\r\n");
        let request = Request::builder()
            .content_type("multipart/form-data; boundary=x")
            .finish();
        Form::from_request(&request, &mut RequestBody::new(Body::from(text))).await
    }

    #[tokio::test]
    async fn files_and_whole_forms_may_be_too_large() {
        let form = read(9).await.unwrap();
        assert_eq!(form.files[0].number, 3);
        assert_eq!(form.files[0].filename, "a_b");
        for too_large in [MAX_FILE + 1, MAX_FORM] {
            assert_eq!(read(too_large).await.unwrap_err().status().as_u16(), 413);
        }
    }
}
