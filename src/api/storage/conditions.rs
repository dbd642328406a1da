//! On what a change may depend: `If-Match` and `If-None-Match` (RFC 9110 sections 13.1.1, 13.1.2).

use lantern_actors::user::Condition;
use poem::{
    Request, RequestBody,
    http::{HeaderMap, HeaderName, Method, header},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchemaRef},
    types::Type,
};

/// The entity tags that a header of this name lists; `None` without the header.
///
/// Not poem's `Header`: it passes over values that are not ASCII, and over all but the first, so that
/// a change would be made whatever the pair is.
pub(super) struct IfMatch(Option<Vec<String>>);

/// As [`IfMatch`], for `If-None-Match`.
pub(super) struct IfNoneMatch(Option<Vec<String>>);

impl IfMatch {
    /// For what may make the pair.
    pub(super) fn or(self, otherwise: IfNoneMatch) -> Condition {
        match (self.0, otherwise.0) {
            (Some(tags), _) => Condition::Matches(tags),
            (None, Some(tags)) => Condition::Differs(tags),
            (None, None) => Condition::Always,
        }
    }

    /// For what needs the pair.
    pub(super) fn of_existing(self) -> Condition {
        self.0.map_or(Condition::Exists, Condition::ExistsAs)
    }
}

fn listed(headers: &HeaderMap, name: &HeaderName) -> Option<Vec<String>> {
    let values = headers.get_all(name).iter();
    let tags = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    headers.contains_key(name).then(|| {
        tags.map(|tag| String::from_utf8_lossy(tag.trim_ascii()).into_owned())
            .collect()
    })
}

/// What a change of a pair by this method depends on.
pub(super) fn condition(method: &Method, headers: &HeaderMap) -> Condition {
    let if_match = IfMatch(listed(headers, &header::IF_MATCH));
    match *method {
        Method::PUT => if_match.or(IfNoneMatch(listed(headers, &header::IF_NONE_MATCH))),
        _ => if_match.of_existing(),
    }
}

macro_rules! parameter {
    ($type:ident, $name:expr) => {
        impl<'a> ApiExtractor<'a> for $type {
            const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];

            type ParamType = Option<String>;
            type ParamRawType = String;

            fn param_in() -> Option<MetaParamIn> {
                Some(MetaParamIn::Header)
            }

            fn param_schema_ref() -> Option<MetaSchemaRef> {
                Some(String::schema_ref())
            }

            async fn from_request(
                request: &'a Request,
                _body: &mut RequestBody,
                _options: ExtractParamOptions<Option<String>>,
            ) -> poem::Result<Self> {
                Ok(Self(listed(request.headers(), &$name)))
            }
        }
    };
}

parameter!(IfMatch, header::IF_MATCH);
parameter!(IfNoneMatch, header::IF_NONE_MATCH);

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    #[test]
    fn every_value_counts_and_none_is_passed_over() {
        let tags = |values: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for value in values {
                let value = HeaderValue::from_bytes(value).unwrap();
                headers.append(header::IF_MATCH, value);
            }
            listed(&headers, &header::IF_MATCH)
        };
        assert_eq!(tags(&[]), None);
        assert_eq!(tags(&[b""]).unwrap(), [""]);
        assert_eq!(
            tags(&[b"\"a\" , \"b\"", b"*"]).unwrap(),
            ["\"a\"", "\"b\"", "*"]
        );
        assert_eq!(tags(&[b"\xff"]).unwrap().len(), 1);
    }
}
