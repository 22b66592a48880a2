//! Rows of JSON lines as rows of COPY's text format.

use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::block::put_text;
use super::reader::Selection;

/// The column and the reason, where a row cannot be loaded.
pub(crate) type Fault = (Option<String>, String);

/// The members of an object in their order, their values as they stand.
struct Members<'a>(Vec<(String, &'a RawValue)>);

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry::<String, &RawValue>()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

fn members(line: &[u8]) -> Result<Members<'_>, String> {
    let line = std::str::from_utf8(line).map_err(|error| {
        format!(
            "the row is no UTF-8 from its byte {} on",
            error.valid_up_to() + 1
        )
    })?;
    let mut reader = serde_json::Deserializer::from_str(line);
    let members = reader
        .deserialize_map(MembersVisitor)
        .map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())?;
    Ok(members)
}

/// The names of a row's members.
pub(crate) fn names(line: &[u8]) -> Result<Vec<String>, String> {
    Ok(members(line)?.0.into_iter().map(|(name, _)| name).collect())
}

/// Appends a row.
pub(crate) fn encode(line: &[u8], selection: &Selection, out: &mut Vec<u8>) -> Result<(), Fault> {
    let members = members(line).map_err(|reason| (None, reason))?.0;
    let mut values: Vec<Option<&RawValue>> = vec![None; selection.names.len()];
    for (name, value) in &members {
        match selection.names.iter().position(|known| known == name) {
            Some(index) => {
                let place = values.get_mut(index);
                if let Some(place) = place
                    && place.replace(value).is_some()
                {
                    return Err((Some(name.clone()), "the row has this name twice".to_owned()));
                }
            }
            None if selection.ignored.contains(name) => {}
            None => {
                let reason =
                    "the first row does not have this name; name the columns, or ignore it";
                return Err((Some(name.clone()), reason.to_owned()));
            }
        }
    }
    for (index, value) in values.into_iter().enumerate() {
        if index > 0 {
            out.push(b'\t');
        }
        let type_ = selection.types.get(index).map_or("", String::as_str);
        let text = value
            .map_or(Ok(None), |value| text(value.get(), type_))
            .map_err(|reason| (selection.names.get(index).cloned(), reason))?;
        put_text(out, text.as_deref());
    }
    out.push(b'\n');
    Ok(())
}

/// The text form of a value for a column of this type; `None` is NULL.
fn text(raw: &str, type_: &str) -> Result<Option<String>, String> {
    let is_json = type_ == "json" || type_ == "jsonb";
    if is_json {
        // NULL and a JSON null would be the same, as they are in what is written.
        return Ok((raw != "null").then(|| raw.to_owned()));
    }
    match raw.as_bytes().first() {
        Some(b'n') => Ok(None),
        Some(b'"') => serde_json::from_str(raw)
            .map(Some)
            .map_err(|error| error.to_string()),
        Some(b'[') if type_.ends_with(']') => {
            let mut array = String::new();
            put_array(raw, type_, &mut array)?;
            Ok(Some(array))
        }
        Some(b'[') if type_.starts_with("vector") => Ok(Some(raw.to_owned())),
        Some(b'[') => Err("an array for a column that is none".to_owned()),
        Some(b'{') => Err("an object for a column that is no JSON".to_owned()),
        _ => Ok(Some(raw.to_owned())),
    }
}

/// An array of JSON as PostgreSQL's text of an array of this type. Of JSON and VECTOR an array within it is a value, of others another
/// dimension.
fn put_array(raw: &str, type_: &str, out: &mut String) -> Result<(), String> {
    let is_json = type_.starts_with("json");
    let nests = !is_json && !type_.starts_with("vector");
    let elements: Vec<&RawValue> = serde_json::from_str(raw).map_err(|error| error.to_string())?;
    out.push('{');
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        let raw = element.get();
        match raw.as_bytes().first() {
            Some(b'[') if nests => put_array(raw, type_, out)?,
            Some(b'n') => out.push_str("NULL"),
            Some(b'"') if is_json => put_quoted(raw, out),
            Some(b'"') => {
                let text: String = serde_json::from_str(raw).map_err(|error| error.to_string())?;
                put_quoted(&text, out);
            }
            Some(b'{' | b'[') => put_quoted(raw, out),
            _ => out.push_str(raw),
        }
    }
    out.push('}');
    Ok(())
}

fn put_quoted(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection() -> Selection {
        Selection {
            names: ["a", "b", "c"].map(str::to_owned).to_vec(),
            types: ["bigint", "jsonb", "text[]"].map(str::to_owned).to_vec(),
            ignored: vec!["d".to_owned()],
            kept: None,
        }
    }

    fn encoded(line: &str) -> Result<String, Fault> {
        let mut out = Vec::new();
        encode(line.as_bytes(), &selection(), &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn numbers_keep_their_digits_and_arrays_become_the_servers() {
        let line = r#"{"c": ["x,\"y", null, "\\"], "a": 12345678901234567890.10, "b": {"k": [1, 2]}, "d": 0}"#;
        assert_eq!(
            encoded(line).unwrap(),
            "12345678901234567890.10\t{\"k\": [1, 2]}\t{\"x,\\\\\"y\",NULL,\"\\\\\\\\\"}\n"
        );
        assert_eq!(encoded(r#"{"a": null}"#).unwrap(), "\\N\t\\N\t\\N\n");
    }

    #[test]
    fn a_bad_row_has_its_column_and_reason() {
        for (line, column, reason) in [
            (r#"{"a": 1"#, None, "EOF"),
            (r#"{"a": 1} 2"#, None, "trailing"),
            ("[1]", None, "expected an object"),
            (r#"{"x": 1}"#, Some("x"), "first row"),
            (r#"{"a": 1, "a": 2}"#, Some("a"), "twice"),
            (r#"{"a": {}}"#, Some("a"), "no JSON"),
        ] {
            let (found, why) = encoded(line).unwrap_err();
            assert_eq!(found.as_deref(), column, "{line}");
            assert!(why.contains(reason), "{line}: {why}");
        }
    }
}
