//! From something that Discord told to what is kept and published: what a user actor does with each
//! input, and the directory for users without one.

use std::sync::Arc;

use thiserror::Error;

use super::{Change, UserInput, UserState};
use crate::{domain::Timestamp, ports::Publication, wire::Snapshot};

/// What an input comes to.
pub(crate) struct Decision {
    /// What the next actor starts from.
    pub record: Box<[u8]>,
    /// What readers and watchers are told.
    pub snapshot: Arc<Snapshot>,
    /// How watchers are told.
    pub publication: fn(Arc<Snapshot>) -> Publication,
}

/// The state cannot be written: a broken invariant.
#[derive(Debug, Error)]
pub(crate) enum DecisionError {
    #[error("write the user's document")]
    Document(#[from] serde_json::Error),
    #[error("pack the user's record")]
    Record(#[from] rmp_serde::encode::Error),
}

/// Applies an input; `None` if it changes nothing. Only a member makes somebody present who was
/// not.
pub(crate) fn decide(
    present: &mut Option<UserState>,
    input: UserInput,
    now: Timestamp,
) -> Result<Option<Decision>, DecisionError> {
    let (state, publication): (_, fn(Arc<Snapshot>) -> Publication) = match (present, input) {
        (Some(state), input) => match state.apply(input, now) {
            Change::Nothing => return Ok(None),
            Change::Published => (&*state, Publication::Updated),
        },
        (absent @ None, UserInput::Member { profile, presence }) => {
            let state = absent.insert(UserState::new(profile, presence, now));
            (&*state, Publication::Joined)
        }
        // A presence of somebody who is not a member; the member list will tell.
        (None, UserInput::Presence(_)) => return Ok(None),
    };
    let document = serde_json::to_vec(&state.document(now))?;
    let snapshot = Snapshot::new(state.id(), state.version(), &document);
    Ok(Some(Decision {
        record: rmp_serde::to_vec(state.record())?.into_boxed_slice(),
        snapshot: Arc::new(snapshot),
        publication,
    }))
}
