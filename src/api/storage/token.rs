//! Who may change a user's storage: who holds the user's token.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Instant,
};

use lantern_actors::{domain::UserId, user::Authority};
use poem::http::{HeaderMap, header};
use poem::web::RemoteAddr;
use poem::{Addr, Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

use super::body::Budget;
use crate::{
    admission::Admission,
    api::{Problem, ProblemKind, users},
    auth::{Failures, KvTokens},
};

/// The names of the security schemes in the reference: the same token, raw or behind `Bearer`.
const RAW: &str = "KvToken";
const BEARER: &str = "KvBearer";

/// What came in `Authorization`: the token, raw or behind `Bearer`.
pub struct TokenHeader(Option<String>);

impl<'a> ApiExtractor<'a> for TokenHeader {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        let raw = MetaSecurityScheme {
            ty: "apiKey",
            description: Some(
                "The user's token, made by the bot's command `/storage create token`, as it is.",
            ),
            name: Some("Authorization"),
            key_in: Some("header"),
            scheme: None,
            bearer_format: None,
            flows: None,
            openid_connect_url: None,
        };
        let bearer = MetaSecurityScheme {
            ty: "http",
            description: Some("The same token, behind `Bearer` (RFC 6750)."),
            name: None,
            key_in: None,
            scheme: Some("bearer"),
            bearer_format: Some("lt_kv_ and 48 letters of base64url"),
            flows: None,
            openid_connect_url: None,
        };
        registry.create_security_scheme(RAW, raw);
        registry.create_security_scheme(BEARER, bearer);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![RAW, BEARER]
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        Ok(Self::of(request.headers()))
    }
}

impl TokenHeader {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let value = headers.get(header::AUTHORIZATION);
        Self(value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()))
    }

    fn token(&self) -> Option<&str> {
        let text = self.0.as_deref()?.trim();
        let is_bearer = text
            .get(..7)
            .is_some_and(|start| start.eq_ignore_ascii_case("bearer "));
        let token = if is_bearer { text.get(7..)? } else { text };
        let token = token.trim();
        (!token.is_empty()).then_some(token)
    }
}

/// Tells genuine tokens, how often somebody may be wrong, and how much may be sent.
pub struct Gate {
    tokens: Option<KvTokens>,
    failures: Failures,
    admission: Arc<Admission>,
}

impl Gate {
    /// A gate for these tokens; without any it stays shut.
    pub fn new(tokens: Option<KvTokens>, failures: Failures, admission: Arc<Admission>) -> Self {
        Self {
            tokens,
            failures,
            admission,
        }
    }

    /// What a body that comes from there takes of.
    pub(super) fn budget(&self, from: IpAddr) -> Budget<'_> {
        Budget {
            admission: &self.admission,
            from,
        }
    }

    /// Whose storage the path names, if the token may be for it. Whether it is still the newest is
    /// seen by the user's actor.
    pub(super) fn open(
        &self,
        id: &str,
        header: &TokenHeader,
        address: IpAddr,
    ) -> Result<(UserId, Authority), Problem> {
        let Some(tokens) = &self.tokens else {
            let detail = "This Lantern has no secret to make tokens with: its operator sets KV_TOKEN_SECRET.";
            return Err(Problem::new(ProblemKind::TokensOff, detail));
        };
        let Some(token) = header.token() else {
            let detail = "Changes need the user's token in the Authorization header. The bot's command /storage create token makes one.";
            return Err(Problem::new(ProblemKind::MissingToken, detail));
        };
        let user = users::parse_id(id)?;
        match tokens.verify(token) {
            Ok(claims) if claims.user == user => Ok((user, Authority::Token(claims.version))),
            Ok(_) => {
                let detail = "This token is for the storage of another user.";
                Err(Problem::new(ProblemKind::NotYourStorage, detail))
            }
            Err(error) => {
                if let Err(wait) = self.failures.count(address, Instant::now()) {
                    let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).max(1);
                    let detail = "Too many wrong tokens came from this address.";
                    let problem = Problem::new(ProblemKind::TooManyFailures, detail);
                    return Err(problem.retry_after_s(seconds));
                }
                let detail = format!(
                    "In the Authorization header: {error}. The bot's command /storage create token makes a new one."
                );
                Err(Problem::new(ProblemKind::InvalidToken, detail))
            }
        }
    }
}

/// The client whose request it is: who owns the connection has found it out.
pub fn address(remote: &RemoteAddr) -> IpAddr {
    match &remote.0 {
        Addr::SocketAddr(addr) => addr.ip(),
        // Requests that did not come by the network.
        _ => Ipv4Addr::UNSPECIFIED.into(),
    }
}
