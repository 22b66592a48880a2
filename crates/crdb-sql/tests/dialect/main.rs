//! The dialect: what it accepts, what it refuses, what holds for generated texts, and what a hostile text can do to the parser.
#![cfg(feature = "parser")]

mod accepts;
mod cases;
mod limits;
mod properties;
mod rejects;
