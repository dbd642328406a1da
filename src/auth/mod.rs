//! Who may do what: tokens, and how often somebody may be wrong.

mod failures;
mod kv_token;

pub use self::{
    failures::Failures,
    kv_token::{Claims, KvTokens, NoToken, SecretError},
};
