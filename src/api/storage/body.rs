//! Bodies of requests for storage: read as they come, whatever their content type.

use std::{collections::BTreeMap, pin::pin, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use lantern_actors::domain::{PairKey, PairValue, pair::MAX_VALUE_CHARS};
use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef},
};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::api::{Problem, ProblemKind, problem};

/// The most bytes that a value of so many characters has in UTF-8.
const MAX_VALUE_BYTES: usize = 4 * MAX_VALUE_CHARS;
/// The longest merge that is read.
const MAX_MERGE_BYTES: usize = 2 << 20;

/// How long a body may take to come. Without it, who sends nothing would hold a connection for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// How much of a body that is too long is still taken off the connection. Who sends does not read
/// meanwhile, so without it most would see a broken connection and not the answer.
const MOST_PASSED_OVER: usize = 16 << 20;

async fn read(body: &mut RequestBody, most: usize) -> Result<Vec<u8>, Problem> {
    let body = body.take().map_err(|_| bad_body())?;
    in_time(body.into_bytes_stream(), most).await
}

/// The value that comes in these pieces.
pub(super) async fn value_of<E>(
    pieces: impl Stream<Item = Result<Bytes, E>>,
) -> Result<PairValue, Problem> {
    in_time(pieces, MAX_VALUE_BYTES).await.and_then(value)
}

async fn in_time<E>(
    pieces: impl Stream<Item = Result<Bytes, E>>,
    most: usize,
) -> Result<Vec<u8>, Problem> {
    match tokio::time::timeout(PATIENCE, gathered(pieces, most)).await {
        Ok(read) => read,
        Err(_) => {
            let detail = format!("The body did not come within {} s.", PATIENCE.as_secs());
            Err(Problem::new(ProblemKind::BodyTooSlow, detail))
        }
    }
}

async fn gathered<E>(
    pieces: impl Stream<Item = Result<Bytes, E>>,
    most: usize,
) -> Result<Vec<u8>, Problem> {
    let mut pieces = pin!(pieces);
    let (mut gathered, mut length) = (Vec::new(), 0);
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| bad_body())?;
        length += piece.len();
        if length <= most {
            gathered.extend_from_slice(&piece);
        } else if length > most + MOST_PASSED_OVER {
            break;
        }
    }
    if length > most {
        let detail = format!("The body is longer than {most} bytes.");
        return Err(Problem::new(ProblemKind::PayloadTooLarge, detail));
    }
    Ok(gathered)
}

fn bad_body() -> Problem {
    Problem::new(
        ProblemKind::BadRequest,
        "The body could not be read to its end.",
    )
}

/// The value of a pair.
pub(super) struct ValueBody(pub Result<PairValue, Problem>);

impl<'a> ApiExtractor<'a> for ValueBody {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        let mut value = MetaSchema::new("string");
        value.max_length = Some(MAX_VALUE_CHARS);
        let media = |content_type| MetaMediaType {
            content_type,
            schema: MetaSchemaRef::Inline(Box::new(value.clone())),
        };
        Some(MetaRequest {
            description: Some("The value: up to 30,000 characters in UTF-8."),
            content: vec![media("text/plain"), media("*/*")],
            required: false,
        })
    }

    async fn from_request(
        _request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        Ok(Self(read(body, MAX_VALUE_BYTES).await.and_then(value)))
    }
}

fn value(bytes: Vec<u8>) -> Result<PairValue, Problem> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let detail = format!("The value is not UTF-8: see its byte {at}.");
        Problem::new(ProblemKind::ValueNotText, detail)
    })?;
    let length = text.chars().count();
    PairValue::try_from(text).map_err(|error| {
        let detail = format!("The value has {length} characters; {error}.");
        Problem::new(ProblemKind::ValueTooLong, detail)
    })
}

/// Pairs to set, and with null to remove.
pub(super) struct MergeBody(pub Result<BTreeMap<PairKey, Option<PairValue>>, Problem>);

impl<'a> ApiExtractor<'a> for MergeBody {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        let mut value = MetaSchema::new("string");
        value.max_length = Some(MAX_VALUE_CHARS);
        value.nullable = true;
        let mut pairs = MetaSchema::new("object");
        pairs.additional_properties = Some(Box::new(MetaSchemaRef::Inline(Box::new(value))));
        let media = |content_type| MetaMediaType {
            content_type,
            schema: MetaSchemaRef::Inline(Box::new(pairs.clone())),
        };
        Some(MetaRequest {
            description: Some("Keys with their values, or with null to remove them; up to 2 MiB."),
            content: vec![
                media("application/json"),
                media("application/merge-patch+json"),
            ],
            required: true,
        })
    }

    async fn from_request(
        _request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        Ok(Self(read(body, MAX_MERGE_BYTES).await.and_then(merge)))
    }
}

fn merge(bytes: Vec<u8>) -> Result<BTreeMap<PairKey, Option<PairValue>>, Problem> {
    let pairs = serde_json::from_slice::<Merge>(&bytes).map_err(|error| {
        let error = error.to_string();
        let error = problem::echo(&error);
        let detail = format!(
            "The body has to be an object of keys with texts or null, as in {{\"city\": \"Oslo\", \"mood\": null}}: {error}."
        );
        Problem::new(ProblemKind::InvalidPairs, detail)
    })?;
    Ok(pairs.0)
}

/// An object in which no key stands twice.
struct Merge(BTreeMap<PairKey, Option<PairValue>>);

impl<'de> Deserialize<'de> for Merge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MergeVisitor)
    }
}

struct MergeVisitor;

impl<'de> Visitor<'de> for MergeVisitor {
    type Value = Merge;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("an object of texts and nulls")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Merge, A::Error> {
        let mut pairs = BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<PairKey, Option<PairValue>>()? {
            if pairs.insert(key, value).is_some() {
                return Err(A::Error::custom("a key stands twice"));
            }
        }
        Ok(Merge(pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{FutureExt, stream};
    use poem::Body;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_end_is_given_up() {
        let begun = async { Ok::<_, std::io::Error>(Bytes::from_static(b"x")) };
        let pieces = stream::select(begun.into_stream(), stream::pending());
        let mut body = RequestBody::new(Body::from_bytes_stream(pieces));
        let problem = read(&mut body, 10).await.unwrap_err();
        assert_eq!(problem.response().status(), 408);
    }

    #[test]
    fn a_merge_is_an_object_of_texts_and_nulls() {
        let read = |text: &str| merge(text.as_bytes().to_vec());
        let pairs = read(r#"{"a": "x", "b": null}"#).unwrap();
        assert_eq!(pairs.len(), 2);
        assert!(read("{}").unwrap().is_empty());
        for text in [
            "",
            "null",
            "[]",
            "{\"a\": 1}",
            "{\"a\": {}}",
            "{\"a b\": \"x\"}",
            "{\"a\": \"x\", \"\\u0061\": \"y\"}",
            "{\"a\": \"\\ud800\"}",
            "{\"a\": \"x\"} {}",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
