//! A store as a file, and a file as a store: how state moves from one store to another.
//!
//! An export is text: one JSON object on each line, UTF-8, every line ended by a line feed, the
//! last one too. Ids are strings, versions are numbers, times are milliseconds since the Unix epoch.
//!
//! | line | is |
//! |---|---|
//! | first | `{"start":{"format":"lantern export","version":1,"guilds":["1"]}}`: every guild that occurs |
//! | then | any number of these three, in any order, none about the same user twice: |
//! | | `{"present":{"guild":"1","member":{…}}}`: a member, as Discord told |
//! | | `{"left":{"guild":"1","user":"2","version":3,"left_at":4}}`: a member who left |
//! | | `{"user":{"guild":"1","user":"2","version":3,"member_version":3,"token_version":1,"pairs":{"key":"value"},"events":[{"kind":"…","body":"…"}]}}`: what was decided about a user, and the events that waited, oldest first |
//! | last | `{"end":{"members":1,"left":0,"users":1,"events":0,"sha256":"…"}}`: how many there are, and SHA-256 (hexadecimal) of all bytes before this line |
//!
//! Lines are exactly as Lantern writes them: a field that it does not know is refused and never
//! dropped. How many commits a user has seen and when its events expire is not in the file: in the
//! new store commits are counted anew, and events are kept for [`EVENTS_KEPT_FOR`].
//!
//! Neither way is the whole store in memory: one line at a time is, and the ids.

mod contents;
mod error;
mod export;
mod file;
mod import;
mod inventory;
mod line;
mod reader;
mod user_import;

pub use self::{
    contents::{Contents, Tally},
    error::TransferError,
    export::export,
    file::export_to,
    import::{Import, Imported},
    line::{End, EventLine, Line, Start, UserLine},
    reader::{Reader, verify},
    user_import::{EVENTS_KEPT_FOR, is_unfinished},
};
