//! What can be wrong in one source by itself.

use figment::value::{Dict, Value};

use super::key::{AnyKey, variable_of};
use super::layer::{Layer, Origin, Source};
use super::mistake::{Mistake, MistakeKind, nearest};
use super::{VERSION, keys, setting};

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
        if let Some(key) = keys::find(&path) {
            if key.read(value).is_none() {
                mistakes.push(wrong_value(key, value, layer.origin(&path)));
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

fn wrong_value(key: &dyn AnyKey, value: &Value, origin: Origin) -> Mistake {
    let found = match value {
        Value::Dict(..) => Some("a table".to_owned()),
        Value::Empty(..) => Some("nothing".to_owned()),
        _ if key.is_secret() => None,
        Value::Array(..) => Some("a list with something else in it".to_owned()),
        // What looks like a connection string may hold a password.
        other => setting::scalar(other)
            .filter(|text| !text.contains('@'))
            .map(|text| format!("`{text}`")),
    };
    Mistake::new(MistakeKind::WrongValue, key.path(), origin, key.expected()).with_found(found)
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
    let mut near = nearest(path, keys::all().map(AnyKey::path));
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
