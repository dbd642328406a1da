//! The stores: the port `lantern_actors::ports::store` over what keeps bytes.

pub mod scylla;
