//! COPY in and out.

mod copy_in;
mod copy_out;
mod decode;
mod direction;
mod encode;
mod encode_error;
mod format;
mod pass_through;
mod row_end;
mod value;

pub use copy_in::{CopyIn, CopyInBytes};
pub use copy_out::{CopyOut, CopyOutRows};
pub use decode::{CopiedRow, DecodeError, RowDecoder};
pub use encode::{Encoded, Field, RowEncoder, RowWriter, ValueError};
pub use encode_error::EncodeError;
pub use format::CopyFormat;
pub use value::{CopyRow, CopyValue, Sql, Text};

#[cfg(test)]
mod tests;
