//! How the tree is declared: a node once, with how it is printed and what a walk sees of it.
//!
//! ```text
//! tree! {
//!     /// `OFFSET ..`
//!     pub struct Offset: Display {
//!         /// How many.
//!         pub count: Expr => "OFFSET ",
//!         /// Whether `ROWS` follows.
//!         pub rows: bool => " ROWS",
//!     }
//! }
//! ```
//!
//! From this come the type with its derives, a walk into its fields in their order, and `Display`.
//!
//! - `=> "before" .. "after"` is what stands around a field. An option that is not there and an empty list print nothing,
//!   after `all` even an empty list does. A `bool` prints the first text if it is true and the second if not. Fields without
//!   `=>` are not printed. At a struct or behind a variant it is what stands around all of it.
//! - `as Read` (or another [`TableUse`](crate::dialect::visit::TableUse)): the field names tables, and what is done to them.
//! - `Display`: printed as declared. `Shown`: printed by code in `print`. `Partly`: by code that leaves the rest to the declaration
//!   (`declared`). A text behind it stands between items of a list, in place of a comma.
//! - `Visited`: [`visit`](crate::dialect::visit) shows the node to a visitor before it goes into it.
//!
//! [`words!`] declares what is nothing but keywords: from `KeyShare = KEY SHARE` come the documentation, the text and the
//! parser's step.

use super::super::keyword::Keyword;

/// What is one of a few sequences of keywords.
pub(in super::super) trait Words: Copy + 'static {
    /// Each with its keywords.
    const ALL: &'static [(&'static [Keyword], Self)];
}

macro_rules! tree {
    () => {};
    (
        $(#[$meta:meta])*
        pub struct $name:ident $(: $trait:ident $(+ $more:ident)? $(, $separator:literal)?)?
            $(=> $lead:literal $(.. $tail:literal)?)? {$($fields:tt)*}
        $($rest:tt)*
    ) => {
        structure! {
            [$($meta),*] $name {$($fields)*} [$($trait $($more)?)?] [$($lead $($tail)?)?]
        }
        shown! { $name [$($trait $($more)? $($separator)?)?] }
        tree! { $($rest)* }
    };
    (
        $(#[$meta:meta])*
        pub enum $name:ident $(: $trait:ident $(+ $more:ident)? $(, $separator:literal)?)? {$($variants:tt)*}
        $($rest:tt)*
    ) => {
        enumeration! { [$($meta),*] $name {$($variants)*} [$($trait $($more)?)?] }
        shown! { $name [$($trait $($more)? $($separator)?)?] }
        tree! { $($rest)* }
    };
}

macro_rules! structure {
    (
        [$($meta:meta),*] $name:ident {
            $(
                $(#[$doc:meta])*
                pub $field:ident: $type:ty $(as $usage:ident)? $(=> $($all:ident)? $before:literal $(.. $after:literal)?)?,
            )*
        }
        $traits:tt $around:tt
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl $crate::dialect::visit::Inside for $name {
            fn inside<'t>(&'t self, _visitor: &mut dyn $crate::dialect::visit::Visitor<'t>) {
                $(walk_field!(_visitor, &self.$field $(, $usage)?);)*
            }
        }

        walk_node!($name $traits);

        display_node! {
            $traits $name (self, f) {
                print_around!(f, $around, {
                    $(print_field!(f, &self.$field $(, [$($all)?] $before $($after)?)?);)*
                });
            }
        }
    };
}

macro_rules! enumeration {
    (
        [$($meta:meta),*] $name:ident {
            $(
                $(#[$doc:meta])*
                $variant:ident
                $(($type:ty $(as $usage:ident)?))?
                $({
                    $(
                        $(#[$field_doc:meta])*
                        $field:ident: $field_type:ty $(as $field_usage:ident)?
                        $(=> $($all:ident)? $field_before:literal $(.. $field_after:literal)?)?,
                    )*
                })?
                $(=> $before:literal $(.. $after:literal)?)?,
            )*
        }
        $traits:tt
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $name {
            $(
                $(#[$doc])*
                $variant $(($type))? $({$($(#[$field_doc])* $field: $field_type,)*})?,
            )*
        }

        impl $crate::dialect::visit::Inside for $name {
            fn inside<'t>(&'t self, _visitor: &mut dyn $crate::dialect::visit::Visitor<'t>) {
                match self {
                    $(
                        Self::$variant $((inner!($type, it)))? $({$($field,)*})? => {
                            $(walk_field!(_visitor, inner!($type, it) $(, $usage)?);)?
                            $($(walk_field!(_visitor, $field $(, $field_usage)?);)*)?
                        }
                    )*
                }
            }
        }

        walk_node!($name $traits);

        display_node! {
            $traits $name (self, f) {
                match self {
                    $(
                        Self::$variant $((inner!($type, it)))? $({$($field,)*})? => {
                            print_variant!(
                                f, [$(inner!($type, it))?],
                                {$($(print_field!(f, $field $(, [$($all)?] $field_before $($field_after)?)?);)*)?},
                                [$($before $($after)?)?]
                            );
                        }
                    )*
                }
            }
        }
    };
}

/// The name that stands for what is inside a variant.
macro_rules! inner {
    ($type:ty, $name:ident) => {
        $name
    };
}

macro_rules! walk_field {
    ($visitor:ident, $field:expr) => {
        $crate::dialect::visit::Walk::walk($field, $visitor)
    };
    ($visitor:ident, $field:expr, $usage:ident) => {
        $crate::dialect::visit::Named::tables(
            $field,
            $crate::dialect::visit::TableUse::$usage,
            $visitor,
        )
    };
}

/// A node that is not shown to visitors is walked by going into it.
macro_rules! walk_node {
    ($name:ident [$($first:ident)? Visited]) => {};
    ($name:ident [$($trait:ident)?]) => {
        impl $crate::dialect::visit::Walk for $name {
            fn walk<'t>(&'t self, visitor: &mut dyn $crate::dialect::visit::Visitor<'t>) {
                $crate::dialect::visit::Inside::inside(self, visitor);
            }
        }
    };
}

macro_rules! display_node {
    ([Display $($more:ident)?] $name:ident ($self:ident, $f:ident) {$($body:tt)*}) => {
        impl std::fmt::Display for $name {
            #[allow(unused_variables, reason = "not all fields are printed")]
            fn fmt(&$self, $f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $($body)*
                Ok(())
            }
        }
    };
    ([Partly $($more:ident)?] $name:ident ($self:ident, $f:ident) {$($body:tt)*}) => {
        impl $name {
            /// Prints what is declared.
            #[allow(unused_variables, reason = "not all fields are printed")]
            pub(in crate::dialect) fn declared(
                &$self,
                $f: &mut std::fmt::Formatter<'_>,
            ) -> std::fmt::Result {
                $($body)*
                Ok(())
            }
        }
    };
    ([$($other:ident)*] $name:ident $self:tt $body:tt) => {};
}

/// What is printed, by declaration or by code, can be a field of what is.
macro_rules! shown {
    ($name:ident []) => {};
    ($name:ident [Visited]) => {};
    ($name:ident [$($trait:ident)+]) => {
        impl $crate::dialect::print::Item for $name {
            fn print(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }
    };
    ($name:ident [$($trait:ident)+ $separator:literal]) => {
        impl $crate::dialect::print::Item for $name {
            const SEPARATOR: &'static str = $separator;

            fn print(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }
    };
}

macro_rules! print_around {
    ($f:ident, [], $fields:block) => {
        $fields
    };
    ($f:ident, [$before:literal], $fields:block) => {
        $f.write_str($before)?;
        $fields
    };
    ($f:ident, [$before:literal $after:literal], $fields:block) => {
        $f.write_str($before)?;
        $fields
        $f.write_str($after)?;
    };
}

macro_rules! print_field {
    ($f:ident, $field:expr) => {};
    ($f:ident, $field:expr, [] $before:literal) => {
        $crate::dialect::print::Clause::clause($field, $f, $before, "")?
    };
    ($f:ident, $field:expr, [] $before:literal $after:literal) => {
        $crate::dialect::print::Clause::clause($field, $f, $before, $after)?
    };
    ($f:ident, $field:expr, [all] $before:literal $after:literal) => {
        $crate::dialect::print::Clause::whole($field, $f, $before, $after)?
    };
}

macro_rules! print_variant {
    ($f:ident, [$inner:expr], {}, []) => {
        $crate::dialect::print::Clause::whole($inner, $f, "", "")?
    };
    ($f:ident, [$inner:expr], {}, [$before:literal]) => {
        $crate::dialect::print::Clause::whole($inner, $f, $before, "")?
    };
    ($f:ident, [$inner:expr], {}, [$before:literal $after:literal]) => {
        $crate::dialect::print::Clause::whole($inner, $f, $before, $after)?
    };
    ($f:ident, [], $fields:block, $around:tt) => {
        print_around!($f, $around, $fields)
    };
}

macro_rules! words {
    ($(
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$doc:meta])* $variant:ident = $first:ident $($more:ident)*,)*
        }
    )*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $(
                #[doc = concat!("`", stringify!($first), $(" ", stringify!($more),)* "`")]
                $(#[$doc])*
                $variant,
            )*
        }

        impl $name {
            /// As it is written.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!(stringify!($first) $(, " ", stringify!($more))*),)*
                }
            }
        }

        impl $crate::dialect::ast::Words for $name {
            const ALL: &'static [(&'static [$crate::dialect::keyword::Keyword], Self)] =
                &[$((
                    &[$crate::dialect::keyword::Keyword::$first $(, $crate::dialect::keyword::Keyword::$more)*],
                    Self::$variant,
                ),)*];
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        shown! { $name [Display] }

        impl $crate::dialect::visit::Walk for $name {
            fn walk<'t>(&'t self, _: &mut dyn $crate::dialect::visit::Visitor<'t>) {}
        }
    )*};
}
