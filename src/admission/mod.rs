//! Who is let in: the limits of everybody together, and the share that one client address has.
//!
//! | file | holds |
//! |---|---|
//! | `address` | whose a request is: the peer's, or what a trusted proxy says |
//! | `networks` | lists of networks, with names for the well-known ones |
//! | `limits` | how much there is, from the configuration and the open files of the process |
//! | `shares` | what is held, by everybody and by each address, and what was refused |

mod address;
mod limits;
mod networks;
mod shares;

pub use self::{
    address::{Proxies, network},
    limits::{Descriptors, Limits, Wanted},
    shares::{Admission, Refusal, Reservation, Resource},
};
