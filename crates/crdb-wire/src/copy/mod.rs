//! COPY in and out.

mod decode;
mod encode;
mod encode_error;
mod format;
#[cfg_attr(not(test), expect(dead_code, reason = "for the connection"))]
mod pass_through;
mod row_end;
mod value;

pub use decode::{CopiedRow, DecodeError, RowDecoder};
pub use encode::{Encoded, Field, RowEncoder, RowWriter, ValueError};
pub use encode_error::EncodeError;
pub use format::CopyFormat;
pub use value::{CopyRow, CopyValue, Sql, Text};

#[cfg(test)]
mod tests;
