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
    ports::{
        Publication,
        store::{StoredMember, StoredUser},
    },
    wire::{DocumentText, Snapshot, StorageUpdate},
};

/// What an input comes to.
pub(crate) struct Decision {
    /// Whose it is.
    pub user: UserId,
    /// What the next actor starts from, packed.
    pub record: Box<[u8]>,
    /// And what was decided about the user.
    pub decided: Arc<StoredUser>,
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
    pub telling: Telling,
}

/// How watchers are told.
pub(crate) enum Telling {
    Joined,
    Updated,
    Stored(Arc<StorageUpdate>),
}

impl News {
    /// What the fan-out is given.
    pub(crate) fn publication(self) -> Publication {
        match self.telling {
            Telling::Joined => Publication::Joined(self.snapshot),
            Telling::Updated => Publication::Updated(self.snapshot),
            Telling::Stored(update) => Publication::Stored(self.snapshot, update),
        }
    }
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
            let change = state.apply(input, now);
            let is_unsaved = !was_settled || state.record().member().version != stored;
            decided(state, is_unsaved, change)
        }
        (absent @ None, UserInput::Member { update, presence }) => {
            let state = absent.insert(UserState::new(update.into_profile(), presence, now));
            joined(state, true).map(Some)
        }
        (absent @ None, UserInput::Stored(stored)) => match *stored {
            Stored {
                member: Some(StoredMember::Present(member)),
                user,
            } => {
                let stored = member.version;
                let state = absent.insert(UserState::restored(member, user, now));
                let is_unsaved = state.record().member().version != stored;
                joined(state, is_unsaved).map(Some)
            }
            _ => Ok(None),
        },
        // A presence of somebody who is not a member; the member list will tell.
        (None, UserInput::Presence(_) | UserInput::Outrun(_)) => Ok(None),
    }
}

/// What a change comes to. `is_unsaved`: the store does not hold the member as they are now.
pub(crate) fn decided(
    state: &UserState,
    is_unsaved: bool,
    change: Change,
) -> Result<Option<Decision>, DecisionError> {
    let telling = match change {
        Change::Nothing => return Ok(None),
        Change::Recorded => None,
        Change::Published => Some(Telling::Updated),
        Change::Stored => {
            let pairs = state.record().user().pairs_text()?;
            let update = StorageUpdate::new(state.id(), state.version(), &pairs);
            Some(Telling::Stored(Arc::new(update)))
        }
    };
    decision(state, is_unsaved, telling).map(Some)
}

fn joined(state: &UserState, is_unsaved: bool) -> Result<Decision, DecisionError> {
    decision(state, is_unsaved, Some(Telling::Joined))
}

fn decision(
    state: &UserState,
    is_unsaved: bool,
    telling: Option<Telling>,
) -> Result<Decision, DecisionError> {
    let news = match telling {
        Some(telling) => Some(News {
            snapshot: Arc::new(snapshot(state)?),
            telling,
        }),
        None => None,
    };
    let record = state.record();
    Ok(Decision {
        user: state.id(),
        record: rmp_serde::to_vec(record)?.into_boxed_slice(),
        decided: Arc::clone(record.user()),
        is_settled: record.is_settled(),
        is_unsaved,
        news,
    })
}

/// The user as published. Large pairs are not written again for each presence.
fn snapshot(state: &UserState) -> Result<Snapshot, DecisionError> {
    let (user, version, document) = (state.id(), state.version(), state.document());
    let pairs = state.record().user().pairs_text()?;
    if !pairs.is_large() {
        let document = serde_json::to_vec(&document)?;
        return Ok(Snapshot::new(user, version, &document));
    }
    let [before, behind] = document.around_pairs()?;
    let document = DocumentText {
        before: &before,
        behind: &behind,
    };
    Ok(Snapshot::around(user, version, document, &pairs))
}
