//! Reaching Discord's REST side before a gateway connection is made: a wrong token shows here, and
//! while Discord is not reachable this waits.

use std::time::Duration;

use serenity::all::{Http, HttpBuilder, HttpError, StatusCode};

use super::gateway::{GatewayConfig, GatewayError};

/// How long one request may take; serenity's client sets no limit.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// serenity's HTTP client for this configuration.
pub(super) fn http(config: &GatewayConfig) -> Http {
    let builder = HttpBuilder::new(&config.token);
    match &config.api_url {
        // serenity knows the limits of Discord's own addresses only.
        Some(url) => builder.proxy(url).ratelimiter_disabled(true).build(),
        None => builder.build(),
    }
}

/// Waits until Discord answers, and gives the gateway's address.
pub(super) async fn gateway_url(
    http: &Http,
    config: &GatewayConfig,
) -> Result<String, GatewayError> {
    let mut backoff = Backoff::new(config);
    loop {
        match ask(http).await {
            Ok(url) => return Ok(url),
            Err(Refusal::Token) => return Err(GatewayError::InvalidToken),
            Err(refusal) => {
                let reason = match refusal {
                    Refusal::Unreachable(reason) => reason,
                    _ => "an answer that cannot be read".to_owned(),
                };
                let delay = backoff.next();
                tracing::warn!(reason, ?delay, "Discord is not reachable, trying again");
                tokio::time::sleep(delay).await;
            }
        }
    }
}

enum Refusal {
    Token,
    Unreadable,
    Unreachable(String),
}

async fn ask(http: &Http) -> Result<String, Refusal> {
    // Who the bot is does not matter, only whether Discord takes the token.
    match in_time(http.get_current_user()).await {
        // An answer that serenity's model refuses is one all the same.
        Ok(_) | Err(Refusal::Unreadable) => {}
        Err(refusal) => return Err(refusal),
    }
    in_time(http.get_gateway()).await.map(|gateway| gateway.url)
}

async fn in_time<T>(request: impl Future<Output = serenity::Result<T>>) -> Result<T, Refusal> {
    match tokio::time::timeout(REQUEST_TIMEOUT, request).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(serenity::Error::Http(HttpError::UnsuccessfulRequest(answer))))
            if answer.status_code == StatusCode::UNAUTHORIZED =>
        {
            Err(Refusal::Token)
        }
        Ok(Err(error)) if is_unreadable(&error) => Err(Refusal::Unreadable),
        Ok(Err(error)) => Err(Refusal::Unreachable(error.to_string())),
        Err(_) => Err(Refusal::Unreachable("no answer".to_owned())),
    }
}

/// Whether Discord did what was asked, but said so in a form that serenity's model refuses.
pub(super) fn is_unreadable(error: &serenity::Error) -> bool {
    match error {
        serenity::Error::Json(_) => true,
        serenity::Error::Http(HttpError::Request(error)) => error.is_decode(),
        _ => false,
    }
}

/// Pauses that double from one try to the next.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
    max: Duration,
}

impl Backoff {
    pub(super) fn new(config: &GatewayConfig) -> Self {
        Self {
            next: config.retry_first,
            max: config.retry_max,
        }
    }

    pub(super) fn next(&mut self) -> Duration {
        let delay = self.next.min(self.max);
        self.next = delay * 2;
        delay
    }
}
