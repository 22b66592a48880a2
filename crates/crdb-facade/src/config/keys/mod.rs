//! Every key of the configuration.
//!
//! A constant for each: [`pool::MAX_SIZE`] is `pool.max_size` in a file and `CRDB_POOL__MAX_SIZE` in
//! the environment.

pub mod auth;
pub mod cache;
pub mod cli;
pub mod exec;
pub mod observe;
pub mod pool;
pub mod sql;

mod rules;
mod top;

use super::key::AnyKey;

pub(super) use rules::{ALTERNATIVES, RULES};
pub use top::VERSION;

/// Declares the keys of a section, and lists them.
macro_rules! section {
    ($(
        $(#[doc = $about:literal])+
        $name:ident: $type:ty = $presence:ident($path:literal $(, $default:expr)?)
            $(, only $expected:literal $accept:expr)?;
    )+) => {
        $(
            $(#[doc = $about])+
            pub const $name: $crate::config::Key<$type> =
                $crate::config::Key::$presence($path, concat!($($about),+) $(, $default)?)
                    $(.only($expected, $accept))?;
        )+

        pub(super) const SECTION: &[&dyn $crate::config::key::AnyKey] = &[$(&$name),+];
    };
}
use section;

/// A key without its type.
pub(super) type KnownKey = &'static dyn AnyKey;

/// All keys, section by section.
pub(super) fn all() -> impl Iterator<Item = KnownKey> {
    [
        top::SECTION,
        auth::SECTION,
        pool::SECTION,
        sql::SECTION,
        exec::SECTION,
        cache::SECTION,
        observe::SECTION,
        cli::SECTION,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// Keys that were renamed: the old path, and the key of today.
pub(super) const RENAMED: &[(&str, &str)] = &[("exec.deadline", exec::TIMEOUT.path())];

/// The key with this path.
pub(super) fn find(path: &str) -> Option<KnownKey> {
    all().find(|key| key.path() == path)
}

/// The names of the sections at the top.
pub(super) fn sections() -> impl Iterator<Item = &'static str> {
    let mut last = None;
    all()
        .filter_map(|key| key.path().split_once('.').map(|(section, _)| section))
        .filter(move |section| {
            let is_new = last != Some(*section);
            last = Some(*section);
            is_new
        })
}

#[cfg(test)]
mod tests {
    use super::all;

    /// A setting that has two defaults has two values, depending on who sets it up.
    #[test]
    fn a_default_is_written_out_only_where_no_layer_has_it() {
        // These are this crate's own.
        let own = [
            "version",
            "auth.nodes",
            "auth.database",
            "auth.check_at_open",
            "sql.directory",
            "exec.lanes",
            "observe.metrics",
            "observe.tracing",
            "observe.profile",
            // Whether anything is asked: what the layer's own switches say by being called.
            "observe.inspect.plans",
            "observe.inspect.contention",
            "cli.production",
        ];
        // These have another form than the layer's, and `every_default_is_its_layers` compares them with it.
        let compared = [
            "auth.tls.root_certificates",
            "auth.tls.sni",
            "exec.isolation",
            "cache.max_mib",
            "cache.max_entry_kib",
        ];
        for key in all().filter(|key| key.has_own_default()) {
            assert!(
                own.contains(&key.path()) || compared.contains(&key.path()),
                "{}: take the default from its layer, by of_layer",
                key.path()
            );
        }
    }
}
