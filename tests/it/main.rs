//! Integration tests, one file per feature.

mod openapi;
mod rest;
mod rest_harness;
