//! What the programs of real people send, as public reports of other hubs have it, and what is right
//! to answer.

mod cors;
mod heartbeats;
mod host;
mod pieces;
mod query_lists;
mod spellings;
