//! Derives and attributes for the crates above: the code that they write names those crates by path, and this crate depends
//! on none of them. Use them through the crate that re-exports them.
//!
//! | macro | use it as | the code names |
//! | --- | --- | --- |
//! | [`FromRow`](macro@FromRow) | `crdb_exec::FromRow` | `::crdb_exec` |
//! | [`FacadeFromRow`](macro@FacadeFromRow) | `crdb_facade::FromRow` | `::crdb_facade::exec` |
//! | [`embed_sql`] | `crdb_facade::embed_sql!` | `::core` |
//! | [`test`](macro@test) | `#[crdb_testkit::test]` | `::crdb_testkit` |
//!
//! `crdb_exec::FromRow` documents the attributes and has the examples.

mod embed;
mod from_row;
mod test;

use proc_macro::TokenStream;

/// Implements `crdb_exec::FromRow`: re-exported by crdb-exec, where it is documented.
#[proc_macro_derive(FromRow, attributes(row))]
pub fn from_row(input: TokenStream) -> TokenStream {
    expand(input, "::crdb_exec")
}

/// Implements `crdb_exec::FromRow` for a crate that depends on crdb-facade alone: re-exported by crdb-facade as `FromRow`.
#[proc_macro_derive(FacadeFromRow, attributes(row))]
pub fn facade_from_row(input: TokenStream) -> TokenStream {
    expand(input, "::crdb_facade::exec")
}

fn expand(input: TokenStream, exec: &str) -> TokenStream {
    from_row::derive(input.into(), exec)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

/// The SQL files below a directory, in the program: re-exported by crdb-facade, where it is documented.
#[proc_macro]
pub fn embed_sql(input: TokenStream) -> TokenStream {
    // Cargo sets it for whatever is compiled.
    let root = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    embed::sql(input.into(), root.as_ref())
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

/// Gives a test function a database of its own: re-exported by crdb-testkit, where it is documented.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    test::attribute(arguments.into(), item.into())
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
