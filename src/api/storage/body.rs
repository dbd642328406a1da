//! Bodies of requests for storage: read as they come, whatever their content type, once it is known
//! that who sends them may.

use std::{collections::BTreeMap, net::IpAddr, pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use lantern_actors::domain::{PairKey, PairValue, pair::MAX_VALUE_CHARS};
use poem::{Body, Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef},
};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::{
    admission::{Admission, Resource},
    api::{Problem, ProblemKind, problem},
};

/// The most bytes that a value of so many characters has in UTF-8.
const MAX_VALUE_BYTES: usize = 4 * MAX_VALUE_CHARS;
/// The longest merge that is read.
const MAX_MERGE_BYTES: usize = 2 << 20;

/// How long a body may take to come. Without it, who sends nothing would hold a connection for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// How much of a body that is too long is still taken off the connection. Who sends does not read
/// meanwhile, so without it most would see a broken connection and not the answer.
const MOST_PASSED_OVER: usize = 16 << 20;

/// Who sends a body, and what it takes of: the bytes of all bodies that are being read.
pub(super) struct Budget<'a> {
    pub(super) admission: &'a Arc<Admission>,
    pub(super) from: IpAddr,
}

/// The value that comes in these pieces.
pub(super) async fn value_of<E>(
    pieces: impl Stream<Item = Result<Bytes, E>>,
    budget: Budget<'_>,
) -> Result<PairValue, Problem> {
    in_time(pieces, MAX_VALUE_BYTES, budget)
        .await
        .and_then(value)
}

async fn in_time<E>(
    pieces: impl Stream<Item = Result<Bytes, E>>,
    most: usize,
    budget: Budget<'_>,
) -> Result<Vec<u8>, Problem> {
    match tokio::time::timeout(PATIENCE, gathered(pieces, most, budget)).await {
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
    budget: Budget<'_>,
) -> Result<Vec<u8>, Problem> {
    let Budget { admission, from } = budget;
    let mut room = admission.reserve(Resource::BodyBytes, from, 0)?;
    let mut pieces = pin!(pieces);
    let (mut gathered, mut length) = (Vec::new(), 0);
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| bad_body())?;
        length += piece.len();
        if length <= most {
            room.grow(piece.len())?;
            gathered.extend_from_slice(&piece);
        } else if length > most + MOST_PASSED_OVER {
            break;
        } else {
            // It is too long, whatever follows.
            gathered = Vec::new();
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

/// A body that is not read before it is known who sends it.
struct Unread(Result<Body, Problem>);

impl Unread {
    fn of(body: &mut RequestBody) -> Self {
        Self(body.take().map_err(|_| bad_body()))
    }

    async fn read(self, most: usize, budget: Budget<'_>) -> Result<Vec<u8>, Problem> {
        in_time(self.0?.into_bytes_stream(), most, budget).await
    }
}

/// The value of a pair.
pub(super) struct ValueBody(Unread);

impl ValueBody {
    /// Reads it.
    pub(super) async fn read(self, budget: Budget<'_>) -> Result<PairValue, Problem> {
        self.0.read(MAX_VALUE_BYTES, budget).await.and_then(value)
    }
}

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
        Ok(Self(Unread::of(body)))
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
pub(super) struct MergeBody(Unread);

type Pairs = BTreeMap<PairKey, Option<PairValue>>;

impl MergeBody {
    /// Reads them.
    pub(super) async fn read(self, budget: Budget<'_>) -> Result<Pairs, Problem> {
        self.0.read(MAX_MERGE_BYTES, budget).await.and_then(merge)
    }
}

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
        Ok(Self(Unread::of(body)))
    }
}

fn merge(bytes: Vec<u8>) -> Result<Pairs, Problem> {
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
struct Merge(Pairs);

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
    use futures_util::{FutureExt, stream};

    use super::*;
    use crate::admission::{Descriptors, Limits, Proxies, Wanted};

    fn admission(body_bytes: usize) -> Arc<Admission> {
        let wanted = Wanted {
            connections: 1,
            connections_of_address: 1,
            connections_per_second: 1,
            sockets: 1,
            sockets_of_address: 1,
            head_bytes: 1,
            body_bytes,
        };
        let descriptors = Descriptors { limit: 0, open: 0 };
        Admission::new(Limits::new(&wanted, descriptors), Proxies::default())
    }

    fn from(admission: &Arc<Admission>, address: [u8; 4]) -> Budget<'_> {
        let from = address.into();
        Budget { admission, from }
    }

    type Piece = Result<Bytes, std::convert::Infallible>;

    fn begun(bytes: usize) -> impl Stream<Item = Piece> {
        let piece = async move { Ok(Bytes::from(vec![b'x'; bytes])) };
        piece.into_stream().chain(stream::pending())
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_end_is_given_up() {
        let admission = admission(1_000);
        let budget = from(&admission, [10, 0, 0, 1]);
        let problem = in_time(begun(1), 10, budget).await.unwrap_err();
        assert_eq!(problem.response().status(), 408);
    }

    #[tokio::test(start_paused = true)]
    async fn bodies_share_a_budget_and_an_address_has_a_part_of_it() {
        let admission = admission(1_000);
        let waiting: Vec<_> = (1..=4)
            .map(|number| {
                let budget = from(&admission, [10, 0, 0, number]);
                let mut body = Box::pin(in_time(begun(240), 1_000, budget));
                assert!(body.as_mut().now_or_never().is_none());
                body
            })
            .collect();
        for (address, bytes, expected) in [
            ([10, 0, 0, 1], 20, (429, "too_much_from_address")),
            ([10, 0, 0, 5], 50, (503, "busy")),
        ] {
            let budget = from(&admission, address);
            let problem = in_time(begun(bytes), 1_000, budget).await.unwrap_err();
            let response = problem.response();
            let told = (response.status().as_u16(), problem.kind().code());
            assert_eq!(told, expected);
            assert!(response.headers().contains_key("retry-after"));
        }
        drop(waiting);
        let budget = from(&admission, [10, 0, 0, 5]);
        assert!(in_time(begun(50), 1_000, budget).now_or_never().is_none());
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
