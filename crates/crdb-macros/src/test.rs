//! `#[crdb_testkit::test]`: a test function on a database of its own.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Error, FnArg, ItemFn, LitStr, Path, Result, Token};

/// What stands in the attribute's parentheses.
#[derive(Default)]
struct Arguments {
    migrations: Option<LitStr>,
    fixtures: Vec<LitStr>,
    imitate: Option<LitStr>,
    migrate: Option<Path>,
}

const KNOWN: &str = "`migrations = \"DIRECTORY\"`, `fixtures(\"FILE\", ..)`, `imitate = \"v25.2\"` and `migrate = FUNCTION` are known";

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut arguments = Self::default();
        while !input.is_empty() {
            let name: syn::Ident = input.parse()?;
            match name.to_string().as_str() {
                "migrations" => value(input, &name, &mut arguments.migrations)?,
                "imitate" => value(input, &name, &mut arguments.imitate)?,
                "migrate" => value(input, &name, &mut arguments.migrate)?,
                "fixtures" => {
                    let files;
                    syn::parenthesized!(files in input);
                    let files = Punctuated::<LitStr, Token![,]>::parse_terminated(&files)?;
                    arguments.fixtures.extend(files);
                }
                _ => return Err(Error::new(name.span(), KNOWN)),
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        if let (Some(_), Some(migrate)) = (&arguments.migrations, &arguments.migrate) {
            let message =
                "`migrations` and `migrate` exclude each other: the function runs the migrations";
            return Err(Error::new(migrate.span(), message));
        }
        Ok(arguments)
    }
}

/// Reads `= VALUE`, once.
fn value<T: Parse>(input: ParseStream<'_>, name: &syn::Ident, place: &mut Option<T>) -> Result<()> {
    input.parse::<Token![=]>()?;
    let value = input.parse()?;
    if place.replace(value).is_some() {
        return Err(Error::new(name.span(), format!("`{name}` is given twice")));
    }
    Ok(())
}

/// Writes the test around the function.
pub(crate) fn attribute(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let arguments: Arguments = syn::parse2(arguments)?;
    let mut function: ItemFn = syn::parse2(item)?;
    let signature = &function.sig;
    if signature.asyncness.is_none() {
        let message = "the test must be an async fn";
        return Err(Error::new(signature.fn_token.span(), message));
    }
    if !signature.generics.params.is_empty() {
        let message = "the test must not be generic";
        return Err(Error::new(signature.generics.span(), message));
    }
    let made = signature.inputs.iter().map(argument);
    let made = made.collect::<Result<Vec<_>>>()?;

    let name = signature.ident.clone();
    let output = signature.output.clone();
    let attributes = std::mem::take(&mut function.attrs);
    let migrations = arguments
        .migrations
        .map(|directory| quote! { .migrations(#directory) });
    let fixtures = arguments
        .fixtures
        .iter()
        .map(|file| quote! { .fixture(#file) });
    let imitating = arguments
        .imitate
        .map(|release| quote! { .imitating(#release) });
    let migrate = arguments.migrate.map(|migrate| {
        quote! { .migrate_with(#migrate) }
    });
    let call = quote! { #name(#(#made),*).await };
    Ok(quote! {
        #(#attributes)*
        #[::core::prelude::v1::test]
        fn #name() #output {
            #[allow(clippy::unused_async, reason = "the test attribute asks for an async fn")]
            #function
            ::crdb_testkit::TestCase::new(::core::env!("CARGO_MANIFEST_DIR"))
                #migrations #(#fixtures)* #imitating #migrate
                .run(async |database: ::crdb_testkit::Database| #call)
        }
    })
}

/// The expression that makes a parameter. Where its type does not fit, the compiler points at it.
fn argument(parameter: &FnArg) -> Result<TokenStream> {
    let FnArg::Typed(parameter) = parameter else {
        let message = "the test must not be a method";
        return Err(Error::new(parameter.span(), message));
    };
    let kind = &parameter.ty;
    let span = kind.span().resolved_at(Span::call_site());
    Ok(quote_spanned! { span =>
        <#kind as ::crdb_testkit::FromDatabase>::from_database(&database).await
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn refused(arguments: TokenStream, item: TokenStream) -> String {
        attribute(arguments, item).unwrap_err().to_string()
    }

    #[test]
    fn what_is_wrong_is_said() {
        let function = quote! { async fn one() {} };
        let says = [
            (
                refused(quote! {}, quote! { fn one() {} }),
                "must be an async fn",
            ),
            (
                refused(quote! {}, quote! { async fn one<T>() {} }),
                "must not be generic",
            ),
            (
                refused(quote! {}, quote! { async fn one(&self) {} }),
                "must not be a method",
            ),
            (
                refused(quote! { schema = "a" }, function.clone()),
                "`migrations = \"DIRECTORY\"`",
            ),
            (
                refused(quote! { imitate = "a", imitate = "b" }, function.clone()),
                "given twice",
            ),
            (
                refused(quote! { migrations = "a", migrate = b }, function),
                "exclude each other",
            ),
        ];
        for (message, expected) in says {
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn attributes_stand_on_the_test_and_the_result_is_kept() {
        let function =
            quote! { #[ignore] async fn one(url: String) -> Result<(), Error> { Ok(()) } };
        let written = attribute(quote! {}, function).unwrap().to_string();
        assert!(
            written.starts_with(
                "# [ignore] # [:: core :: prelude :: v1 :: test] fn one () -> Result < () , Error >"
            ),
            "{written}"
        );
    }
}
