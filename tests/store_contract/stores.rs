//! The stores that are put to the test, a line each.

use crate::fixture::contract;

contract!(model, crate::model::ModelFixture);
contract!(embedded, crate::embedded::EmbeddedFixture);
contract!(scylla, crate::scylla::ScyllaFixture);
