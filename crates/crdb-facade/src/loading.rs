//! Loads what the configuration refers to: passwords, certificates, SQL files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crdb_auth::{
    ClientCertificate, Command, IterationLimits, Password, RevocationLists, RootCertificates,
    SocketOptions, TlsConfig,
};
use crdb_sql::{ReloadingRepository, Repository};

use crate::config::{Key, Mistake, MistakeKind, Mistakes, Setting, keys};
use crate::queries::Names;
use crate::{Config, Error};

/// The word among the root certificates that stands for the system's.
const SYSTEM: &str = "system";

/// What the configuration refers to, loaded.
pub(crate) struct Loaded {
    pub(crate) auth: crdb_auth::ConfigBuilder,
    pub(crate) names: Names,
}

/// Loads all referenced files, and collects every failure.
pub(crate) async fn load(config: &Config, repository: Option<Repository>) -> Result<Loaded, Error> {
    let config = config.clone();
    // Files may be slow: not on the async thread.
    let loaded = tokio::task::spawn_blocking(move || load_blocking(&config, repository));
    loaded.await.map_err(Error::interrupted)?
}

fn load_blocking(config: &Config, repository: Option<Repository>) -> Result<Loaded, Error> {
    let mut mistakes = Vec::new();
    let login = login(config, &mut mistakes);
    let tls = tls(config, &mut mistakes);
    #[cfg(feature = "otlp")]
    if let Some(path) = config.path(keys::observe::OTLP_HEADERS_FILE) {
        readable(
            config,
            keys::observe::OTLP_HEADERS_FILE,
            &path,
            &mut mistakes,
        );
    }
    #[cfg(all(feature = "kerberos", unix))]
    let kerberos = kerberos(config, &mut mistakes);
    let iterations = IterationLimits::new(
        config.get(keys::auth::SCRAM_MIN_ITERATIONS),
        config.get(keys::auth::SCRAM_MAX_ITERATIONS),
    )?;
    let directory = config.path(keys::sql::DIRECTORY);
    let names = match (repository, directory) {
        (Some(repository), _) => Ok(Names::Fixed(Arc::new(repository))),
        (None, None) => Ok(Names::Fixed(Arc::default())),
        (None, Some(directory)) => ReloadingRepository::load(directory).map(Names::Directory),
    };
    if !mistakes.is_empty() {
        // The SQL files have mistakes of their own, with a kind of their own; they come next.
        return Err(Error::configuration(Mistakes(mistakes)));
    }
    let names = names?;

    let mut auth = crdb_auth::Config::builder()
        .user(config.get(keys::auth::USER))
        .database(config.get(keys::auth::DATABASE))
        .tls(tls)
        .channel_binding(config.get(keys::auth::CHANNEL_BINDING))
        .connect_timeout(config.get(keys::auth::CONNECT_TIMEOUT))
        .scram_iterations(iterations)
        .permit_cleartext_without_tls(config.get(keys::auth::PERMIT_CLEARTEXT_WITHOUT_TLS))
        .permit_md5(config.get(keys::auth::PERMIT_MD5))
        .socket(
            SocketOptions::default()
                .keepalive_idle(config.get(keys::auth::KEEPALIVE_IDLE))
                .keepalive_interval(config.get(keys::auth::KEEPALIVE_INTERVAL))
                .keepalive_retries(config.get(keys::auth::KEEPALIVE_RETRIES))
                .user_timeout(config.get(keys::auth::TCP_USER_TIMEOUT)),
        );
    auth = match login {
        Some(Login::Password(password)) => auth.password(password),
        Some(Login::Jwt(token)) => auth.jwt(token),
        None => auth,
    };
    #[cfg(all(feature = "kerberos", unix))]
    if let Some(kerberos) = kerberos {
        auth = auth.kerberos(kerberos);
    }
    if let Some(methods) = config.get(keys::auth::REQUIRE_AUTH) {
        auth = auth.require_auth(methods);
    }
    if let Some(name) = config.get(keys::auth::APPLICATION_NAME) {
        auth = auth.application_name(name);
    }
    if let Some(options) = config.get(keys::auth::OPTIONS) {
        auth = auth.options(options);
    }
    for (name, value) in config.get(keys::auth::SESSION) {
        auth = auth.session_parameter(name, value);
    }
    Ok(Loaded { auth, names })
}

/// What to log in with.
enum Login {
    Password(Password),
    Jwt(Password),
}

/// The configuration has chosen one of them at most. Each is looked at here, so that what is missing shows at once with
/// its key, and again at each login, so that it may be replaced meanwhile.
fn login(config: &Config, mistakes: &mut Vec<Mistake>) -> Option<Login> {
    use keys::auth as key;
    if let Some(password) = config.get(key::PASSWORD) {
        return Some(Login::Password(Password::value(password)));
    }
    if let Some(path) = config.path(key::PASSFILE) {
        readable(config, key::PASSFILE, &path, mistakes);
        return Some(Login::Password(Password::passfile(path)));
    }
    if let Some(token) = config.get(key::JWT) {
        return Some(Login::Jwt(Password::value(token)));
    }
    if let Some(password) = elsewhere(
        config,
        key::PASSWORD_ENV,
        key::PASSWORD_FILE,
        key::PASSWORD_COMMAND,
        mistakes,
    ) {
        return Some(Login::Password(password));
    }
    elsewhere(
        config,
        key::JWT_ENV,
        key::JWT_FILE,
        key::JWT_COMMAND,
        mistakes,
    )
    .map(Login::Jwt)
}

fn elsewhere(
    config: &Config,
    variable: Key<Option<String>>,
    file: Key<Option<PathBuf>>,
    command: Key<Option<Vec<String>>>,
    mistakes: &mut Vec<Mistake>,
) -> Option<Password> {
    if let Some(name) = config.get(variable) {
        if std::env::var_os(&name).is_none() {
            // A password that was put here is no name, and is not repeated.
            let name = config.may_show(variable.path()).then_some(name.as_str());
            let expected = format!(
                "a variable that is set; {} is not",
                name.unwrap_or("this one")
            );
            mistakes.push(mistake(config, variable, expected, None));
        }
        return Some(Password::variable(name));
    }
    if let Some(path) = config.path(file) {
        readable(config, file, &path, mistakes);
        return Some(Password::file(path));
    }
    let parts = config.get(command)?;
    let (program, arguments) = parts.split_first()?;
    let command = arguments
        .iter()
        .fold(Command::new(program), |command, argument| {
            command.arg(argument)
        });
    Some(Password::command(command))
}

#[cfg(all(feature = "kerberos", unix))]
fn kerberos(config: &Config, mistakes: &mut Vec<Mistake>) -> Option<crdb_auth::Kerberos> {
    use crdb_auth::Kerberos;
    use keys::auth as key;
    let mut kerberos = if let Some(path) = config.path(key::KERBEROS_KEYTAB) {
        readable(config, key::KERBEROS_KEYTAB, &path, mistakes);
        Kerberos::keytab(path)
    } else {
        match config.get(key::KERBEROS_CACHE)? {
            name if name == "default" => Kerberos::default_cache(),
            name => Kerberos::cache(name),
        }
    };
    kerberos = kerberos
        .service(config.get(key::KERBEROS_SERVICE))
        .permit_without_tls(config.get(key::KERBEROS_PERMIT_WITHOUT_TLS))
        .delegate(config.get(key::KERBEROS_DELEGATE));
    if let Some(principal) = config.get(key::KERBEROS_PRINCIPAL) {
        kerberos = kerberos.principal(principal);
    }
    if let Some(host) = config.get(key::KERBEROS_HOST) {
        kerberos = kerberos.host(host);
    }
    if let Some(realm) = config.get(key::KERBEROS_REALM) {
        kerberos = kerberos.realm(realm);
    }
    Some(kerberos)
}

fn tls(config: &Config, mistakes: &mut Vec<Mistake>) -> TlsConfig {
    let mut tls = TlsConfig::new()
        .mode(config.get(keys::auth::TLS_MODE))
        .negotiation(config.get(keys::auth::TLS_NEGOTIATION))
        .min_version(config.get(keys::auth::TLS_MIN_VERSION))
        .sni(config.get(keys::auth::TLS_SNI));
    let certificate = config.path(keys::auth::TLS_CLIENT_CERTIFICATE);
    if let (Some(certificate), Some(key)) = (certificate, config.path(keys::auth::TLS_CLIENT_KEY)) {
        readable(
            config,
            keys::auth::TLS_CLIENT_CERTIFICATE,
            &certificate,
            mistakes,
        );
        readable(config, keys::auth::TLS_CLIENT_KEY, &key, mistakes);
        tls = tls.client_certificate(ClientCertificate::files(certificate, key));
    }
    let mut lists: Option<RevocationLists> = None;
    for path in config.optional_paths(keys::auth::TLS_REVOCATION_LISTS) {
        readable(config, keys::auth::TLS_REVOCATION_LISTS, &path, mistakes);
        let known = lists.unwrap_or_default();
        lists = Some(match path.is_dir() {
            true => known.and_directory(path),
            false => known.and_file(path),
        });
    }
    if let Some(lists) = lists {
        tls = tls.revocation_lists(lists);
    }
    let roots = config.paths(keys::auth::TLS_ROOT_CERTIFICATES, SYSTEM);
    // With roots of its own, `require` checks certificates too, so the default must not count as such.
    if roots == [PathBuf::from(SYSTEM)] {
        return tls;
    }
    let mut certificates = RootCertificates::default();
    for path in roots {
        certificates = if path == Path::new(SYSTEM) {
            certificates.and_system()
        } else {
            readable(config, keys::auth::TLS_ROOT_CERTIFICATES, &path, mistakes);
            certificates.and_file(path)
        };
    }
    tls.roots(certificates)
}

/// Adds a mistake if the file cannot be opened.
fn readable<T: Setting>(config: &Config, key: Key<T>, path: &Path, mistakes: &mut Vec<Mistake>) {
    // Opened, not read: a secret is read by the layer that needs it. A pipe is not opened, which waits for a writer and then
    // takes from it what the login needs.
    let opened = match std::fs::metadata(path) {
        Ok(found) if !found.is_file() => return,
        Ok(_) => std::fs::File::open(path).map(drop),
        Err(error) => Err(error),
    };
    if let Err(error) = opened {
        let found = match config.may_show(key.path()) {
            true => format!("{}: {error}", path.display()),
            false => format!(
                "a name that leads nowhere and is not shown, for it may be the secret itself: {error}"
            ),
        };
        mistakes.push(mistake(
            config,
            key,
            "a readable file".to_owned(),
            Some(found),
        ));
    }
}

fn mistake<T: Setting>(
    config: &Config,
    key: Key<T>,
    expected: String,
    found: Option<String>,
) -> Mistake {
    Mistake::new(
        MistakeKind::WrongValue,
        key.path(),
        config.origin(key).clone(),
        expected,
    )
    .with_found(found)
}
