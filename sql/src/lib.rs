//! The example domain: a small bank's schema, named queries and the code generated from them.
