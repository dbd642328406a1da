//! Lantern's live core: domain values, wire protocol, ports and actors.
