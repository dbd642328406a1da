//! The sections of the reference.

use poem_openapi::Tags;

/// A section.
#[derive(Tags)]
pub(super) enum Tag {
    /// What monitored users are doing.
    Users,
    /// Users as pictures.
    Cards,
    /// Key-value pairs of users.
    Storage,
    /// What this server is, how it does and how to use it.
    Server,
    /// For running a server.
    Operations,
}
