//! From something that is told to what is kept, stored and published: what a user actor does with
//! each input, and the directory for users without one.

use std::sync::Arc;

use thiserror::Error;

use super::{
    UserInput, UserState,
    state::{Change, Stored},
};
use crate::{
    domain::{Timestamp, UserId},
    ports::{Publication, store::StoredMember},
    wire::Snapshot,
};

/// What an input comes to.
pub(crate) struct Decision {
    /// Whose it is.
    pub user: UserId,
    /// What the next actor starts from.
    pub record: Box<[u8]>,
    /// Whether what the store holds was taken in.
    pub is_settled: bool,
    /// Whether the store holds less of the member than is known now.
    pub is_unsaved: bool,
    /// What readers and watchers are told, if anything.
    pub news: Option<News>,
}

/// What readers and watchers are told.
pub(crate) struct News {
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

/// Applies an input; `None` if it changes nothing. Somebody who was not there becomes present by
/// being told as a member, or by having been stored as one.
pub(crate) fn decide(
    present: &mut Option<UserState>,
    input: UserInput,
    now: Timestamp,
) -> Result<Option<Decision>, DecisionError> {
    match (present, input) {
        (Some(state), input) => {
            let stored = state.record().member().version;
            let was_settled = state.record().is_settled();
            let publication: Option<fn(_) -> _> = match state.apply(input, now) {
                Change::Nothing => return Ok(None),
                Change::Recorded => None,
                Change::Published => Some(Publication::Updated),
            };
            let is_unsaved = !was_settled || state.record().member().version != stored;
            decided(state, is_unsaved, publication).map(Some)
        }
        (absent @ None, UserInput::Member { profile, presence }) => {
            let state = absent.insert(UserState::new(profile, presence, now));
            decided(state, true, Some(Publication::Joined)).map(Some)
        }
        (absent @ None, UserInput::Stored(stored)) => match *stored {
            Stored {
                member: Some(StoredMember::Present(member)),
                user,
            } => {
                let stored = member.version;
                let state = absent.insert(UserState::restored(member, user, now));
                let is_unsaved = state.record().member().version != stored;
                decided(state, is_unsaved, Some(Publication::Joined)).map(Some)
            }
            _ => Ok(None),
        },
        // A presence of somebody who is not a member; the member list will tell.
        (None, UserInput::Presence(_) | UserInput::Outrun(_)) => Ok(None),
    }
}

fn decided(
    state: &UserState,
    is_unsaved: bool,
    publication: Option<fn(Arc<Snapshot>) -> Publication>,
) -> Result<Decision, DecisionError> {
    let news = match publication {
        Some(publication) => {
            let document = serde_json::to_vec(&state.document())?;
            let snapshot = Snapshot::new(state.id(), state.version(), &document);
            Some(News {
                snapshot: Arc::new(snapshot),
                publication,
            })
        }
        None => None,
    };
    Ok(Decision {
        user: state.id(),
        record: rmp_serde::to_vec(state.record())?.into_boxed_slice(),
        is_settled: state.record().is_settled(),
        is_unsaved,
        news,
    })
}
