//! `#[derive(FromRow)]`.

mod attribute;
mod case;

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Error, Field, Fields, GenericParam, Generics, Result, parse_quote};

use attribute::{Container, Source};

/// The impl for a struct. `exec` is the path of crdb-exec unless the struct names another one.
///
/// # Errors
/// With the place, when the input is no struct with fields, or an attribute is wrong.
pub(crate) fn derive(input: TokenStream, exec: &str) -> Result<TokenStream> {
    let input: DeriveInput = syn::parse2(input)?;
    let container = Container::parse(&input.attrs)?;
    let Data::Struct(data) = &input.data else {
        let message =
            "FromRow is for structs; for an SQL enum derive FromSql and ToSql of postgres-types";
        return Err(Error::new(input.ident.span(), message));
    };
    if data.fields.is_empty() {
        let message = "FromRow needs a struct with fields: a row's columns become its fields";
        return Err(Error::new(input.ident.span(), message));
    }
    let exec: syn::Path = match &container.path {
        Some(path) => path.clone(),
        None => syn::parse_str(exec)?,
    };
    let mut reads = Vec::new();
    let mut bounds = Vec::new();
    // Only what reads a column takes a place in a tuple struct.
    let mut column = 0;
    for field in &data.fields {
        let source = Source::of(field, column, &container)?;
        column += usize::from(matches!(source, Source::Position(_)));
        reads.push(read(field, &source, &exec));
        if mentions_type_parameter(field, &input.generics) {
            bounds.push(bound(field, &source, &exec));
        }
    }
    let value = match &data.fields {
        Fields::Named(named) => {
            let names = named.named.iter().map(|field| &field.ident);
            quote!(Self { #(#names: #reads),* })
        }
        Fields::Unnamed(_) => quote!(Self(#(#reads),*)),
        Fields::Unit => quote!(Self),
    };
    let name = &input.ident;
    let generics = with_row_lifetime(&input.generics, bounds);
    let (implemented, _, clauses) = generics.split_for_impl();
    let (_, arguments, _) = input.generics.split_for_impl();
    let borrowed = borrowed_row(&input, &exec);
    Ok(quote! {
        #[automatically_derived]
        impl #implemented #exec::FromRow<'__row> for #name #arguments #clauses {
            fn from_row<__R: #exec::Row>(
                row: &'__row __R,
            ) -> ::core::result::Result<Self, #exec::Error> {
                ::core::result::Result::Ok(#value)
            }
        }
        #borrowed
    })
}

/// `BorrowedRow` for a struct of which one lifetime says all that differs from row to row.
fn borrowed_row(input: &DeriveInput, exec: &syn::Path) -> Option<TokenStream> {
    let generics = &input.generics;
    let mut lifetimes = generics.lifetimes();
    let (Some(only), None) = (lifetimes.next(), lifetimes.next()) else {
        return None;
    };
    let is_bound = !only.bounds.is_empty() || generics.where_clause.is_some();
    if is_bound || generics.type_params().next().is_some() {
        return None;
    }
    let name = &input.ident;
    let (implemented, arguments, _) = generics.split_for_impl();
    let constants = generics.const_params().map(|constant| &constant.ident);
    let of = quote!(#name<'__row #(, #constants)*>);
    Some(quote! {
        #[automatically_derived]
        impl #implemented #exec::BorrowedRow for #name #arguments {
            type Of<'__row> = #of;

            fn read<'__row>(
                row: &'__row impl #exec::Row,
            ) -> ::core::result::Result<#of, #exec::Error> {
                #exec::FromRow::from_row(row)
            }
        }
    })
}

/// How a field is read, at the field's place so that the compiler points there.
fn read(field: &Field, source: &Source, exec: &syn::Path) -> TokenStream {
    let span = field.ty.span();
    match source {
        Source::Column(column) => quote_spanned!(span=> #exec::Row::get(row, #column)?),
        Source::Position(position) => quote_spanned!(span=> #exec::Row::get(row, #position)?),
        Source::ColumnOrDefault(column) => quote_spanned! {span=>
            match #exec::Row::position(row, #column) {
                ::core::option::Option::Some(position) => #exec::Row::get(row, position)?,
                ::core::option::Option::None => ::core::default::Default::default(),
            }
        },
        Source::Flatten => quote_spanned!(span=> #exec::FromRow::from_row(row)?),
        Source::Skip => quote_spanned!(span=> ::core::default::Default::default()),
    }
}

/// What a field's type must implement to be read.
fn bound(field: &Field, source: &Source, exec: &syn::Path) -> syn::WherePredicate {
    let read = &field.ty;
    match source {
        Source::Column(_) | Source::Position(_) => parse_quote!(#read: #exec::FromSql<'__row>),
        Source::ColumnOrDefault(_) => {
            parse_quote!(#read: #exec::FromSql<'__row> + ::core::default::Default)
        }
        Source::Flatten => parse_quote!(#read: #exec::FromRow<'__row>),
        Source::Skip => parse_quote!(#read: ::core::default::Default),
    }
}

/// The struct's generics with the lifetime of the row, which outlives what the struct borrows.
fn with_row_lifetime(generics: &Generics, bounds: Vec<syn::WherePredicate>) -> Generics {
    let borrowed: Vec<syn::Lifetime> = generics
        .lifetimes()
        .map(|parameter| parameter.lifetime.clone())
        .collect();
    let mut generics = generics.clone();
    for parameter in &mut generics.params {
        match parameter {
            GenericParam::Type(parameter) => parameter.default = None,
            GenericParam::Const(parameter) => parameter.default = None,
            GenericParam::Lifetime(_) => {}
        }
    }
    let row: GenericParam = if borrowed.is_empty() {
        parse_quote!('__row)
    } else {
        parse_quote!('__row: #(#borrowed)+*)
    };
    generics.params.insert(0, row);
    generics.make_where_clause().predicates.extend(bounds);
    generics
}

fn mentions_type_parameter(field: &Field, generics: &Generics) -> bool {
    fn mentions(tokens: TokenStream, name: &syn::Ident) -> bool {
        tokens.into_iter().any(|token| match token {
            proc_macro2::TokenTree::Ident(found) => found == *name,
            proc_macro2::TokenTree::Group(group) => mentions(group.stream(), name),
            _ => false,
        })
    }
    let tokens = field.ty.to_token_stream();
    generics
        .type_params()
        .any(|parameter| mentions(tokens.clone(), &parameter.ident))
}

/// The name of a field without the `r#` that Rust's keywords need.
fn plain_name(field: &Field) -> String {
    let name = field.ident.as_ref();
    name.map_or_else(String::new, |name| name.unraw().to_string())
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )]

    use super::*;

    fn refused(input: &str) -> String {
        match derive(input.parse().unwrap(), "::crdb_exec") {
            Ok(code) => panic!("{code}"),
            Err(error) => error.to_string(),
        }
    }

    fn code(input: &str) -> String {
        derive(input.parse().unwrap(), "::crdb_exec")
            .unwrap()
            .to_string()
    }

    #[test]
    fn what_is_no_struct_with_fields_is_refused() {
        assert!(refused("enum E { A }").starts_with("FromRow is for structs"));
        assert!(refused("union U { a: u8 }").starts_with("FromRow is for structs"));
        assert!(refused("struct S;").starts_with("FromRow needs a struct with fields"));
        assert!(refused("struct S {}").starts_with("FromRow needs a struct with fields"));
    }

    #[test]
    fn wrong_attributes_are_refused() {
        for (field, message) in [
            ("#[row(renamed = \"b\")] a: i64", "there is no `renamed`"),
            ("#[row(rename = 1)] a: i64", "expected string literal"),
            ("#[row(rename = \"\")] a: i64", "a column has a name"),
            (
                "#[row(flatten, rename = \"b\")] a: A",
                "`flatten` reads no column of its own",
            ),
            (
                "#[row(flatten, default)] a: A",
                "`flatten` reads no column of its own",
            ),
            ("#[row(skip, default)] a: A", "`skip` reads no column"),
            ("#[row(skip, flatten)] a: A", "`skip` reads no column"),
            ("#[row(default, default)] a: A", "`default` is there twice"),
            ("#[row] a: A", "expected attribute arguments in parentheses"),
        ] {
            let found = refused(&format!("struct S {{ {field} }}"));
            assert!(found.contains(message), "{field}: {found}");
        }
        assert!(refused("#[row(rename_all = \"Shout\")] struct S { a: A }").contains("one of"));
        assert!(
            refused("#[row(rename = \"a\")] struct S { a: A }").contains("there is no `rename`")
        );
        let tuple = refused("struct S(#[row(rename = \"a\")] A);");
        assert!(tuple.contains("by position"), "{tuple}");
        let tuple = refused("struct S(#[row(default)] A);");
        assert!(tuple.contains("by position"), "{tuple}");
    }

    #[test]
    fn the_code_names_the_crate_that_it_is_told() {
        let own = code("#[row(crate = \"crate::db::exec\")] struct S { a: A }");
        assert!(
            own.contains("impl < '__row > crate :: db :: exec :: FromRow < '__row > for S"),
            "{own}"
        );
        assert!(!own.contains(":: crdb_exec"), "{own}");
        assert!(code("struct S { a: A }").contains(":: crdb_exec :: FromRow"));
    }

    #[test]
    fn a_struct_with_one_lifetime_is_a_borrowed_row() {
        for (input, wanted) in [
            ("struct S<'a> { a: &'a str }", Some("S < '__row >")),
            (
                "struct S<'a, const N: usize = 2>(&'a [u8; N]);",
                Some("S < '__row , N >"),
            ),
            ("struct S { a: A }", None),
            ("struct S<'a, 'b> { a: &'a str, b: &'b str }", None),
            ("struct S<'a, T> { a: &'a str, t: T }", None),
            ("struct S<'a> where A<'a>: B { a: A<'a> }", None),
        ] {
            let code = code(input);
            let found = code.split_once("type Of < '__row > = ");
            let found = found.and_then(|(_, rest)| Some(rest.split_once(" ;")?.0));
            assert_eq!(found, wanted, "{input}: {code}");
        }
    }

    #[test]
    fn tuple_structs_count_columns_and_not_skipped_fields() {
        let code = code("struct S(A, #[row(skip)] B, C);");
        assert!(
            code.contains("get (row , 0usize)") && code.contains("get (row , 1usize)"),
            "{code}"
        );
    }
}
