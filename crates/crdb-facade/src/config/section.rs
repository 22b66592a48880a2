//! The configuration as a section of a configuration of the user's own.

use figment::value::Dict;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::layer::{Layer, Source};
use super::{Config, ConfigBuilder};

/// Reads a section of a configuration of your own: the same keys as in `crdb.yaml`, in any format that serde reads. What the
/// section does not say has its default; the environment is not read, for which there is [`with_environment`].
///
/// ```
/// #[derive(serde::Deserialize)]
/// struct Settings {
///     listen: std::net::SocketAddr,
///     database: crdb_facade::Config,
/// }
///
/// let settings: Settings = serde_saphyr::from_str(
///     "
/// listen: 127.0.0.1:8080
/// database:
///   auth: { nodes: [n1.db.example, n2.db.example], user: bank, database: bank }
///   pool: { max_size: 20 }
/// ",
/// )?;
/// assert_eq!(settings.database.get(crdb_facade::config::keys::pool::MAX_SIZE), 20);
/// # assert_eq!(settings.listen.port(), 8080);
/// # Ok::<(), serde_saphyr::Error>(())
/// ```
///
/// Relative paths start at the working directory.
///
/// # Errors
/// One that lists every mistake of the section. No mistake shows a secret; a YAML parser that adds the lines around an
/// error may.
impl<'de> Deserialize<'de> for Config {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let builder = section(deserializer)?;
        builder.build().map_err(D::Error::custom)
    }
}

/// Reads a section as [`Config`] does, and then the `CRDB_*` variables of the process, which are stronger.
///
/// ```
/// #[derive(serde::Deserialize)]
/// struct Settings {
///     #[serde(deserialize_with = "crdb_facade::config::with_environment")]
///     database: crdb_facade::Config,
/// }
/// # let settings: Settings = serde_saphyr::from_str("database: { auth: { user: bank } }")?;
/// # assert_eq!(settings.database.get(crdb_facade::config::keys::auth::USER), "bank");
/// # Ok::<(), serde_saphyr::Error>(())
/// ```
///
/// # Errors
/// One that lists every mistake of the section and of the variables.
pub fn with_environment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Config, D::Error> {
    let builder = section(deserializer)?.environment();
    builder.build().map_err(D::Error::custom)
}

fn section<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ConfigBuilder, D::Error> {
    let mut layer = Layer::new(Source::Section);
    layer.values = Dict::deserialize(deserializer)?;
    Ok(Config::builder().layer(layer))
}
