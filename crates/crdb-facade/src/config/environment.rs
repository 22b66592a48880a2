//! The environment as a source: `CRDB_POOL__MAX_SIZE` is `pool.max_size`.

use std::ffi::OsString;

use figment::value::Value;

use super::layer::{Layer, Origin, Source};
use super::mistake::{Mistake, MistakeKind};

const PREFIX: &str = "CRDB_";

/// Names the file that [`Config::load`](super::Config::load) reads.
pub(super) const FILE_VARIABLE: &str = "CRDB_CONFIG";

/// Variables with our prefix that are not keys.
///
/// Kubernetes puts `CRDB_SERVICE_HOST`, `CRDB_PORT`, `CRDB_PORT_26257_TCP` and so on into every container
/// of a namespace that has a service named `crdb`; refusing them would break such a deployment.
/// `CRDB_TEST_*` belongs to test tools.
fn is_foreign(name: &str) -> bool {
    let rest = &name[PREFIX.len()..];
    name == FILE_VARIABLE
        || rest.starts_with("TEST_")
        || rest == "PORT"
        || (rest.starts_with("PORT_") && !rest.contains("__"))
        || rest == "SERVICE_HOST"
        || rest == "SERVICE_PORT"
        || (rest.starts_with("SERVICE_PORT_") && !rest.contains("__"))
}

/// Takes the variables that are keys, known or not. An empty variable counts as not set.
pub(super) fn read(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> (Layer, Vec<Mistake>) {
    let mut layer = Layer::new(Source::Environment);
    let mut mistakes = Vec::new();
    for (name, text) in variables {
        let Some(name) = name
            .to_str()
            .filter(|name| name.starts_with(PREFIX) && !is_foreign(name))
        else {
            continue;
        };
        if text.is_empty() {
            continue;
        }
        let path = name[PREFIX.len()..].to_ascii_lowercase().replace("__", ".");
        let Ok(text) = text.into_string() else {
            let origin = Origin::Variable(name.to_owned());
            mistakes.push(Mistake::new(
                MistakeKind::WrongValue,
                &path,
                origin,
                "text in UTF-8",
            ));
            continue;
        };
        layer.variables.insert(path.clone(), name.to_owned());
        layer.insert(&path, Value::from(text));
    }
    (layer, mistakes)
}
