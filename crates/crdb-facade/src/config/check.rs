//! What can be wrong in one source by itself.

use figment::value::{Dict, Value};

use super::key::{AnyKey, variable_of};
use super::layer::{Layer, Origin, Source};
use super::mistake::{Mistake, MistakeKind, nearest};
use super::{VERSION, connection_string, explain, keys, setting};

/// All mistakes of a source, also of values that a stronger source overrides.
pub(super) fn layer(layer: &Layer) -> Vec<Mistake> {
    if let Some(version) = layer.values.get(keys::VERSION.path())
        && let Some(mistake) = version_mistake(version, layer.origin(keys::VERSION.path()))
    {
        // Every other key may mean something else there.
        return vec![mistake];
    }
    let mut mistakes = Vec::new();
    table(layer, &layer.values, "", &mut mistakes);
    mistakes
}

fn version_mistake(version: &Value, origin: Origin) -> Option<Mistake> {
    let text = setting::scalar(version).unwrap_or_default();
    if text.trim() == VERSION.to_string() {
        return None;
    }
    let advice = match text.trim().parse::<u32>() {
        Ok(newer) if newer > VERSION => format!(
            "this release reads version {VERSION} of the configuration, this is version {newer}: \
             use a newer release of crdb-facade, or write the configuration for version {VERSION}"
        ),
        Ok(older) => format!(
            "this release reads version {VERSION} of the configuration, this is version {older}: \
             the changelog of crdb-facade says what changed; then write `version: {VERSION}`"
        ),
        Err(_) => format!(
            "the version of the configuration is a whole number, write `version: {VERSION}`"
        ),
    };
    Some(Mistake::new(
        MistakeKind::UnsupportedVersion,
        keys::VERSION.path(),
        origin,
        advice,
    ))
}

fn table(layer: &Layer, values: &Dict, prefix: &str, mistakes: &mut Vec<Mistake>) {
    for (name, value) in values {
        let path = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        if name.contains('.') {
            mistakes.push(dotted(&path, layer.origin(&path)));
        } else if let Some(key) = keys::find(&path) {
            if layer.is_unwritten(key, value) {
                mistakes.push(unwritten(key, layer.origin(&path)));
            } else if key.read(value).is_none() {
                mistakes.push(wrong_value(key, value, layer));
            }
        } else if let Some(example) = keys::all().find(|key| is_below(key.path(), &path)) {
            match value {
                Value::Dict(_, below) => table(layer, below, &path, mistakes),
                // A section whose every line is commented out.
                Value::Empty(..) => {}
                _ => {
                    let expected = format!("a section with keys such as {}", example.path());
                    mistakes.push(Mistake::new(
                        MistakeKind::WrongValue,
                        &path,
                        layer.origin(&path),
                        expected,
                    ));
                }
            }
        } else {
            unknown(layer, value, &path, mistakes);
        }
    }
}

fn is_below(path: &str, section: &str) -> bool {
    path.strip_prefix(section)
        .is_some_and(|rest| rest.starts_with('.'))
}

/// A name with dots in a file is one name, and no key of a section: `pool.max_size: 50` would be read by no one.
fn dotted(path: &str, origin: Origin) -> Mistake {
    let mut names = path.rsplit('.');
    let last = names.next().unwrap_or_default();
    let nested = names.fold(format!("{last}: .."), |below, name| {
        format!("{name}: {{ {below} }}")
    });
    let expected =
        format!("a name has no dots, write its sections one below the other, as in {nested}");
    Mistake::new(MistakeKind::UnknownKey, path, origin, expected)
}

/// A key without a value in a file: forgotten, or lost to YAML's own signs.
fn unwritten(key: &dyn AnyKey, origin: Origin) -> Mistake {
    let advice = "nothing (remove the key to leave it unset; in YAML a string that is `null` or begins with `#`, `~`, `&`, \
                  `!` or `*` needs quotes)";
    Mistake::new(MistakeKind::WrongValue, key.path(), origin, key.expected())
        .with_found(Some(advice.to_owned()))
}

/// What may be shown of an item that is no node: a connection string that was put here is cut at its commas, and what stands
/// behind a colon may be a password.
fn described_node(item: &Value, list: &Value) -> Option<String> {
    let Some(text) = setting::scalar(item) else {
        return described(item);
    };
    let is_cut = |item: &Value| {
        setting::scalar(item).is_some_and(|text| text.contains(['@', '/', '?', '%', ' ']))
    };
    let items = setting::items(list)?;
    if items.is_empty() {
        return Some("an empty list".to_owned());
    }
    let (name, _port) = text.split_once(':')?;
    (!items.iter().any(is_cut)).then(|| format!("`{name}` with a wrong port"))
}

fn wrong_value(key: &dyn AnyKey, value: &Value, layer: &Layer) -> Mistake {
    let origin = layer.origin(key.path());
    let path = key.path();
    let is_node = path == keys::auth::NODES.path();
    // What a connection string spells was cut out of it.
    let found = if setting::has_line_break(value) {
        // A secret that was encoded by `echo .. | base64` has one.
        Some("a line break at an end; remove it (in YAML `|-` leaves it out)".to_owned())
    } else if key.is_secret() || layer.spelled_in.is_some() {
        None
    } else if let Some((index, item)) = bad_item(key, value) {
        let place = format!("item {}", index + 1);
        let item = match item {
            item if is_node => described_node(&item, value),
            // An argument may be a password.
            _ if explain::may_hold_secret(path) => None,
            item => described(&item),
        };
        Some(item.map_or_else(|| place.clone(), |item| format!("{item} as {place}")))
    } else if matches!(value, Value::Array(_, items) if items.is_empty()) {
        Some("an empty list".to_owned())
    } else if is_node {
        described_node(value, value)
    } else if explain::may_hold_secret(path) {
        of_what_kind(value)
    } else {
        described(value)
    };
    Mistake::new(MistakeKind::WrongValue, key.path(), origin, key.expected()).with_found(found)
}

/// The first item of a list that the key does not take.
fn bad_item(key: &dyn AnyKey, value: &Value) -> Option<(usize, Value)> {
    let index = key.bad_item(value)?;
    let items = setting::items(value)?;
    // Of one text that is no list but an item, its number says nothing.
    let is_list = matches!(value, Value::Array(..)) || items.len() > 1;
    let item = items.get(index).filter(|_| is_list)?;
    Some((index, item.clone()))
}

fn is_file_content(value: &Value) -> bool {
    setting::scalar(value).is_some_and(|text| crdb_auth::is_file_content(text.as_ref()))
}

/// What a value is, without a word of it.
fn of_what_kind(value: &Value) -> Option<String> {
    match value {
        Value::Dict(..) => Some("a table".to_owned()),
        Value::Empty(..) | Value::Array(..) => described(value),
        other => described(other).filter(|_| is_file_content(other)),
    }
}

/// What a value is, as far as that may be shown.
fn described(value: &Value) -> Option<String> {
    match value {
        Value::Dict(_, table) if table.is_empty() => Some("an empty table".to_owned()),
        Value::Dict(_, table) => {
            let names: Vec<&str> = table.keys().map(String::as_str).collect();
            Some(format!("a table with {}", names.join(", ")))
        }
        Value::Empty(..) => Some("nothing".to_owned()),
        Value::Array(..) => Some("a list".to_owned()),
        // What looks like a connection string may hold a password.
        other if is_file_content(other) => {
            Some("the content of a file, where its name belongs".to_owned())
        }
        other => setting::scalar(other)
            .filter(|text| !text.contains('@'))
            .map(|text| format!("`{text}`")),
    }
}

/// One mistake for each leaf, because each has its own nearest key.
fn unknown(layer: &Layer, value: &Value, path: &str, mistakes: &mut Vec<Mistake>) {
    if let Value::Dict(_, below) = value
        && !below.is_empty()
    {
        for (name, value) in below {
            unknown(layer, value, &format!("{path}.{name}"), mistakes);
        }
        return;
    }
    let renamed = keys::RENAMED.iter().find(|(old, _)| *old == path);
    let known = renamed.map_or_else(|| connection_string::key_for(path), |(_, key)| Some(key));
    let mut near = match known {
        Some(key) => vec![key.to_owned()],
        None => nearest(path, keys::all().map(AnyKey::path)),
    };
    if matches!(layer.source, Source::Environment) {
        near = near.iter().map(|path| variable_of(path)).collect();
    }
    let expected = format!(
        "the sections are {}",
        keys::sections().collect::<Vec<_>>().join(", ")
    );
    mistakes.push(
        Mistake::new(MistakeKind::UnknownKey, path, layer.origin(path), expected)
            .with_nearest(near),
    );
}
