//! Joins the sources and reads each key's value from the result.

use std::collections::BTreeMap;
use std::path::PathBuf;

use figment::Figment;
use figment::value::Dict;

use super::key::{Key, Read, variable_of};
use super::keys;
use super::layer::{Layer, Numbered, Origin, Source};
use super::mistake::{Mistake, MistakeKind};
use super::setting::Setting;

/// A key's value in force.
#[derive(Clone)]
pub(super) struct Resolved {
    pub(super) read: Read,
    pub(super) origin: Origin,
    pub(super) secret: bool,
    /// The number of the layer that it came from: greater is stronger.
    strength: usize,
}

/// The weakest source.
pub(super) fn defaults() -> Layer {
    let mut layer = Layer::new(Source::Defaults);
    for key in keys::all() {
        if let Some(value) = key.default_value() {
            layer.insert(key.path(), value);
        }
    }
    layer
}

/// What of a source can be merged: the keys that exist, with values that they take. The rest was reported
/// when the source was checked, and must not cover what weaker sources say.
fn usable(layer: &Layer) -> Dict {
    let mut usable = Layer::new(layer.source.clone());
    for key in keys::all() {
        if let Some(value) = layer
            .find(key.path())
            .filter(|value| key.read(value).is_some() && !layer.is_unwritten(key, value))
        {
            usable.insert(key.path(), value.clone());
        }
    }
    usable.values
}

/// The values in force, and what is wrong with them as a whole.
pub(super) fn merge(layers: &[Layer]) -> (BTreeMap<&'static str, Resolved>, Vec<Mistake>) {
    let figment = layers
        .iter()
        .enumerate()
        .fold(Figment::new(), |figment, (number, layer)| {
            figment.merge(Numbered(number, usable(layer)))
        });
    let mut values = BTreeMap::new();
    let mut mistakes = Vec::new();
    for key in keys::all() {
        let Ok(value) = figment.find_value(key.path()) else {
            let advice = format!(
                "required, but set nowhere; set it in a file, or with {}",
                variable_of(key.path())
            );
            mistakes.push(Mistake::new(
                MistakeKind::Missing,
                key.path(),
                Origin::Default,
                advice,
            ));
            continue;
        };
        // A value of the wrong kind was reported when its source was checked.
        let Some(read) = key.read(&value) else {
            continue;
        };
        let strength = figment
            .get_metadata(value.tag())
            .and_then(|metadata| metadata.name.parse::<usize>().ok())
            .unwrap_or_default();
        let origin = layers
            .get(strength)
            .map_or(Origin::Default, |layer| layer.origin(key.path()));
        values.insert(
            key.path(),
            Resolved {
                read,
                origin,
                secret: key.is_secret(),
                strength,
            },
        );
    }
    for alternatives in keys::ALTERNATIVES {
        choose(alternatives, &mut values, &mut mistakes);
    }
    for rule in keys::RULES {
        rule(&values, &mut mistakes);
    }
    (values, mistakes)
}

/// Of keys that say the same thing in different ways, the one from the strongest source counts. Two in
/// one source are a mistake.
fn choose(
    paths: &[&'static str],
    values: &mut BTreeMap<&'static str, Resolved>,
    mistakes: &mut Vec<Mistake>,
) {
    let mut set: Vec<(usize, &'static str)> = paths
        .iter()
        .filter_map(|path| {
            values
                .get(path)
                .filter(|v| v.strength > 0 && v.read.text != "none")
                .map(|v| (v.strength, *path))
        })
        .collect();
    set.sort_unstable_by(|a, b| b.cmp(a));
    let [(strongest, kept), rest @ ..] = set.as_slice() else {
        return;
    };
    for (strength, path) in rest {
        if strength == strongest {
            let origin = values
                .get(path)
                .map_or(Origin::Default, |value| value.origin.clone());
            let advice = format!("set either this or {kept}, not both");
            mistakes.push(Mistake::new(MistakeKind::Conflict, path, origin, advice));
        } else if let Some(unset) = keys::find(path).and_then(|key| key.read(&key.default_value()?))
            && let Some(value) = values.get_mut(path)
        {
            value.read = unset;
            value.origin = Origin::Default;
        }
    }
}

/// The value of a key, with a path in a file made relative to that file.
pub(super) fn get<T: Setting>(values: &BTreeMap<&'static str, Resolved>, key: Key<T>) -> T {
    #[allow(
        clippy::expect_used,
        reason = "a Config holds a value of the right type for every key there is"
    )]
    values
        .get(key.path())
        .and_then(|resolved| resolved.read.value.downcast_ref::<T>())
        .cloned()
        .expect("a complete configuration")
}

impl Resolved {
    /// The value, where it is of this type.
    pub(super) fn typed<T: Setting>(&self) -> Option<&T> {
        self.read.value.downcast_ref::<T>()
    }

    /// The directory that a relative path in this value starts from: its file's.
    pub(super) fn base(&self) -> Option<PathBuf> {
        match &self.origin {
            Origin::File { path, .. } => path.parent().map(PathBuf::from),
            _ => None,
        }
    }
}
