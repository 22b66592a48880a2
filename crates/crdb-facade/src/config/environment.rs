//! The environment as a source: `CRDB_POOL__MAX_SIZE` is `pool.max_size`.

use std::ffi::{OsStr, OsString};

use figment::value::Value;

use super::layer::{Layer, Origin, Source};
use super::mistake::{Mistake, MistakeKind};

const PREFIX: &str = "CRDB_";

/// Names the file that [`Config::load`](super::Config::load) reads.
pub(super) const FILE_VARIABLE: &str = "CRDB_CONFIG";

/// Variables with our prefix that are not keys. `CRDB_TEST_*` belongs to test tools.
fn is_foreign(name: &str, text: &OsStr) -> bool {
    name == FILE_VARIABLE || name.starts_with("CRDB_TEST_") || is_of_a_service(name, text)
}

/// Whether Kubernetes made this variable for a service whose name begins with `crdb`. It puts these into every container of
/// the service's namespace, so that refusing them would break deployments that never wrote them:
///
/// `CRDB_PUBLIC_SERVICE_HOST`, `.._SERVICE_PORT`, `.._SERVICE_PORT_GRPC`, `.._PORT`, `.._PORT_26257_TCP`, and the last one with
/// `_PROTO`, `_PORT` and `_ADDR` (`FromServices` and `makeLinkVariables` in Kubernetes' pkg/kubelet/envvars/envvars.go).
fn is_of_a_service(name: &str, text: &OsStr) -> bool {
    if name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT")
        || name
            .split_once("_SERVICE_PORT_")
            .is_some_and(|(_, port_name)| !port_name.is_empty())
        || is_of_a_port(name)
    {
        return true;
    }
    // Of a service it is `tcp://10.0.0.1:26257`; a plain number is what a person writes.
    let is_number = || {
        text.to_str()
            .is_some_and(|text| text.trim().parse::<u64>().is_ok())
    };
    name.ends_with("_PORT") && !is_number()
}

/// `.._PORT_<number>_<protocol>`, with or without `_PROTO`, `_PORT`, `_ADDR`.
fn is_of_a_port(name: &str) -> bool {
    let name = ["_PROTO", "_PORT", "_ADDR"]
        .iter()
        .find_map(|end| name.strip_suffix(end))
        .unwrap_or(name);
    let Some((rest, protocol)) = name.rsplit_once('_') else {
        return false;
    };
    let Some((service, number)) = rest.rsplit_once('_') else {
        return false;
    };
    ["TCP", "UDP", "SCTP"].contains(&protocol)
        && service.ends_with("_PORT")
        && number.parse::<u16>().is_ok()
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
            .filter(|name| name.starts_with(PREFIX) && !is_foreign(name, &text))
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
