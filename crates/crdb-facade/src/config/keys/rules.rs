//! What must hold between keys.

use std::collections::BTreeMap;

use super::{auth, exec, observe, pool};
use crate::config::key::Key;
use crate::config::mistake::{Mistake, MistakeKind};
use crate::config::resolve::Resolved;
use crate::config::setting::Setting;

type Values = BTreeMap<&'static str, Resolved>;

/// Keys of which one at most may be set in one source.
pub(in crate::config) const ALTERNATIVES: &[&[&str]] = &[
    &[
        auth::PASSWORD.path(),
        auth::PASSWORD_ENV.path(),
        auth::PASSWORD_FILE.path(),
        auth::PASSWORD_COMMAND.path(),
        auth::PASSFILE.path(),
        auth::JWT.path(),
        auth::JWT_ENV.path(),
        auth::JWT_FILE.path(),
        auth::JWT_COMMAND.path(),
    ],
    &[auth::KERBEROS_KEYTAB.path(), auth::KERBEROS_CACHE.path()],
];

/// Rules over the values in force.
pub(in crate::config) const RULES: &[fn(&Values, &mut Vec<Mistake>)] = &[
    |values, mistakes| at_most(values, mistakes, pool::MIN_SIZE, pool::MAX_SIZE),
    lanes_leave_a_session,
    |values, mistakes| {
        both_or_none(
            values,
            mistakes,
            auth::TLS_CLIENT_CERTIFICATE,
            auth::TLS_CLIENT_KEY,
        );
    },
    what_is_asked_for_is_compiled_in,
    |values, mistakes| at_most(values, mistakes, pool::MIN_BACKOFF, pool::MAX_BACKOFF),
    |values, mistakes| at_most(values, mistakes, exec::MIN_BACKOFF, exec::MAX_BACKOFF),
    |values, mistakes| {
        at_most(
            values,
            mistakes,
            auth::SCRAM_MIN_ITERATIONS,
            auth::SCRAM_MAX_ITERATIONS,
        );
    },
];

fn at_most<T: Setting + PartialOrd>(
    values: &Values,
    mistakes: &mut Vec<Mistake>,
    low: Key<T>,
    high: Key<T>,
) {
    let (Some(lower), Some(higher)) = (values.get(low.path()), values.get(high.path())) else {
        return;
    };
    if let (Some(a), Some(b)) = (lower.typed::<T>(), higher.typed::<T>())
        && a > b
    {
        let advice = format!(
            "{} must not be above {}, which is {} ({})",
            lower.read.text, high, higher.read.text, higher.origin
        );
        let mistake = Mistake::new(
            MistakeKind::Conflict,
            low.path(),
            lower.origin.clone(),
            advice,
        );
        mistakes.push(mistake.with_other(high.path()));
    }
}

/// Lanes hold their sessions for long: with all of them, transactions would wait in vain.
fn lanes_leave_a_session(values: &Values, mistakes: &mut Vec<Mistake>) {
    let (low, high) = (exec::LANES, pool::MAX_SIZE);
    let (Some(lanes), Some(sessions)) = (values.get(low.path()), values.get(high.path())) else {
        return;
    };
    if let (Some(1..), Some(_)) = (lanes.typed::<u32>(), sessions.typed::<u32>())
        && lanes.typed::<u32>() >= sessions.typed::<u32>()
    {
        let advice = format!(
            "{} must be below {}, which is {} ({}), or no session is left for transactions",
            lanes.read.text, high, sessions.read.text, sessions.origin
        );
        let mistake = Mistake::new(
            MistakeKind::Conflict,
            low.path(),
            lanes.origin.clone(),
            advice,
        );
        mistakes.push(mistake.with_other(high.path()));
    }
}

fn both_or_none<T: Setting>(
    values: &Values,
    mistakes: &mut Vec<Mistake>,
    one: Key<T>,
    other: Key<T>,
) {
    let is_set = |key: Key<T>| {
        values
            .get(key.path())
            .filter(|value| value.read.text != "none")
    };
    let (given, missing) = match (is_set(one), is_set(other)) {
        (Some(given), None) => (given, other),
        (None, Some(given)) => (given, one),
        _ => return,
    };
    let key = if missing.path() == one.path() {
        other
    } else {
        one
    };
    let advice = format!("it needs {missing}, which is not set");
    let mistake = Mistake::new(
        MistakeKind::Conflict,
        key.path(),
        given.origin.clone(),
        advice,
    );
    mistakes.push(mistake.with_other(missing.path()));
}

/// What a feature brings, the feature, whether it is compiled in, and the keys that need it.
const OF_FEATURES: &[(&str, &str, bool, &[&str])] = &[
    (
        "Kerberos",
        "kerberos",
        cfg!(all(feature = "kerberos", unix)),
        &[auth::KERBEROS_KEYTAB.path(), auth::KERBEROS_CACHE.path()],
    ),
    (
        "the endpoint",
        "endpoint",
        cfg!(feature = "endpoint"),
        &[observe::ENDPOINT_LISTEN.path()],
    ),
    (
        "OTLP",
        "otlp",
        cfg!(feature = "otlp"),
        &[observe::OTLP_ENDPOINT.path()],
    ),
    (
        "log lines",
        "log",
        cfg!(feature = "log"),
        &[observe::LOG_FORMAT.path()],
    ),
    (
        "profiles",
        "profile",
        cfg!(feature = "profile"),
        &[observe::PROFILE.path()],
    ),
];

fn what_is_asked_for_is_compiled_in(values: &Values, mistakes: &mut Vec<Mistake>) {
    for (what, feature, _, paths) in OF_FEATURES
        .iter()
        .filter(|(_, _, compiled_in, _)| !compiled_in)
    {
        for path in *paths {
            let Some(value) = values
                .get(path)
                .filter(|value| !["none", "false"].contains(&value.read.text.as_str()))
            else {
                continue;
            };
            let advice = format!(
                "this program was built without {what}: it needs the feature `{feature}` of crdb-facade"
            );
            let origin = value.origin.clone();
            mistakes.push(Mistake::new(MistakeKind::Conflict, path, origin, advice));
        }
    }
}
