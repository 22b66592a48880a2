//! Fields of Protocol Buffers, appended to bytes. What is zero or empty is left out, as version 3 of the language has it, but where a
//! function says otherwise.

/// How a field's value is written (its wire type).
const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH: u32 = 2;
const FIXED32: u32 = 5;

/// A string.
pub(super) fn text(out: &mut Vec<u8>, field: u32, value: &str) {
    bytes(out, field, value.as_bytes());
}

/// Bytes.
pub(super) fn bytes(out: &mut Vec<u8>, field: u32, value: &[u8]) {
    if !value.is_empty() {
        tag(out, field, LENGTH);
        varint(out, value.len() as u64);
        out.extend_from_slice(value);
    }
}

/// An integer or a value of an enumeration.
pub(super) fn number(out: &mut Vec<u8>, field: u32, value: u64) {
    if value != 0 {
        number_always(out, field, value);
    }
}

/// As [`number`], zero too: a field of a `oneof`.
pub(super) fn number_always(out: &mut Vec<u8>, field: u32, value: u64) {
    tag(out, field, VARINT);
    varint(out, value);
}

/// A `fixed64`.
pub(super) fn fixed64(out: &mut Vec<u8>, field: u32, value: u64) {
    if value != 0 {
        tag(out, field, FIXED64);
        out.extend_from_slice(&value.to_le_bytes());
    }
}

/// A `fixed32`.
pub(super) fn fixed32(out: &mut Vec<u8>, field: u32, value: u32) {
    if value != 0 {
        tag(out, field, FIXED32);
        out.extend_from_slice(&value.to_le_bytes());
    }
}

/// A `double` of a `oneof`: zero too.
pub(super) fn double(out: &mut Vec<u8>, field: u32, value: f64) {
    tag(out, field, FIXED64);
    out.extend_from_slice(&value.to_le_bytes());
}

/// A message, or a string of a `oneof`: what `write` appends, also where that is nothing.
pub(super) fn nested(out: &mut Vec<u8>, field: u32, write: impl FnOnce(&mut Vec<u8>)) {
    tag(out, field, LENGTH);
    // Most are shorter than 128 bytes: room for a length of one byte, and the others move.
    let at = out.len();
    out.push(0);
    write(out);
    let length = out.len() - at - 1;
    let width = width(length as u64);
    if width > 1 {
        out.resize(out.len() + width - 1, 0);
        out.copy_within(at + 1..at + 1 + length, at + width);
    }
    let mut rest = length as u64;
    for place in out.iter_mut().skip(at).take(width) {
        *place = group(rest);
        rest >>= 7;
    }
}

fn tag(out: &mut Vec<u8>, field: u32, kind: u32) {
    varint(out, (field << 3 | kind).into());
}

/// An integer in groups of seven bits, the lowest first.
fn varint(out: &mut Vec<u8>, mut value: u64) {
    for _ in 1..width(value) {
        out.push(group(value));
        value >>= 7;
    }
    out.push(group(value));
}

/// The lowest seven bits, and a high bit where others follow.
fn group(value: u64) -> u8 {
    let lowest = (value & 0x7f) as u8;
    if value < 0x80 { lowest } else { lowest | 0x80 }
}

/// How many groups an integer has.
fn width(value: u64) -> usize {
    let bits = u64::BITS - (value | 1).leading_zeros();
    bits.div_ceil(7) as usize
}
