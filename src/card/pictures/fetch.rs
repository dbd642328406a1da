//! Fetches a picture: of a few types, of limited length, in limited time, without following anybody.

use std::sync::Arc;

use reqwest::{Client, StatusCode, header, redirect};
use thiserror::Error;
use tokio::{sync::Semaphore, task::JoinError};

use super::{
    Address, ImageProxy, PictureSettings,
    develop::{DevelopError, develop},
};
use crate::{album::Picture, content::Use};

/// The types that are pictures.
const TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/webp", "image/gif"];

/// Why there is no picture.
#[derive(Debug, Error)]
pub enum FetchError {
    /// No answer, or not a whole one.
    #[error("get it: {0}")]
    Http(#[from] reqwest::Error),
    /// An answer that is none; redirects are not followed.
    #[error("get it: the answer is {0}")]
    Status(StatusCode),
    /// Another type than those of pictures.
    #[error("take it for a picture: it is {0:?}")]
    Type(String),
    /// Longer than it may be.
    #[error("take it: it is longer than {0} bytes")]
    TooLong(usize),
    /// No picture, whatever its type says.
    #[error(transparent)]
    Develop(#[from] DevelopError),
    /// The thread that looked at it fell.
    #[error("look at it: {0}")]
    Fell(#[from] JoinError),
}

/// Fetches pictures.
#[derive(Debug)]
pub struct Fetcher {
    client: Client,
    proxy: Option<ImageProxy>,
    most_bytes: usize,
    /// One picture is decoded at a time: a small file can become a large picture.
    developing: Arc<Semaphore>,
}

impl Fetcher {
    /// As the settings say. Fails if there can be no connections at all.
    pub fn new(settings: PictureSettings) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(settings.timeout)
            .user_agent(concat!("Lantern/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            client,
            proxy: settings.proxy,
            most_bytes: settings.most_bytes,
            developing: Arc::new(Semaphore::new(1)),
        })
    }

    /// The picture at an address, made ready for cards.
    pub async fn fetch(&self, address: Address, used: Use) -> Result<Picture, FetchError> {
        let address = address.sized(used);
        let bytes = self.bytes(&address.through(self.proxy.as_ref())).await?;
        // Never closed. The turn ends with the thread's work, whoever still waits for it.
        let turn = Arc::clone(&self.developing).acquire_owned().await.ok();
        let developing = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            develop(&bytes, used)
        });
        Ok(developing.await??)
    }

    async fn bytes(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        let mut response = self.client.get(url).send().await?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status(response.status()));
        }
        let kind = response.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !TYPES
            .iter()
            .any(|known| essence.eq_ignore_ascii_case(known))
        {
            return Err(FetchError::Type(kind.to_owned()));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if bytes.len() + chunk.len() > self.most_bytes {
                return Err(FetchError::TooLong(self.most_bytes));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}
