//! Integration tests, one file per feature.

mod asyncapi;
mod openapi;
mod rest;
mod rest_harness;
