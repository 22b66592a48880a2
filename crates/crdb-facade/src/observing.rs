//! What is recorded and shown, as the section `observe` of the configuration asks.

use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "endpoint")]
use crdb_observe::endpoint::{Endpoint, Gate, Readiness};
#[cfg(feature = "profile")]
use crdb_observe::profile::Profile;
use crdb_observe::{Metrics, Tracing};

use crate::config::keys;
use crate::{Config, Error};

/// The observers of each layer.
#[derive(Default)]
pub(crate) struct Observers {
    pub(crate) auth: Vec<Arc<dyn crdb_auth::Observer>>,
    pub(crate) pool: Vec<Arc<dyn crdb_pool::Observer>>,
    pub(crate) wire: Vec<Arc<dyn crdb_wire::Observer>>,
    pub(crate) exec: Vec<Arc<dyn crdb_exec::Observer>>,
    #[cfg(feature = "cache")]
    pub(crate) cache: Vec<Arc<dyn crdb_cache::Observer>>,
    #[cfg(feature = "data")]
    data: Vec<Arc<dyn crdb_data::observer::Observer>>,
    #[cfg(feature = "migrate")]
    migrate: Vec<Arc<dyn crdb_migrate::Observer>>,
}

/// Adds one of ours, which observes the upper layers too.
macro_rules! add {
    ($observers:expr, $observer:expr) => {{
        let observer = Arc::new($observer);
        $observers.add(&observer);
        #[cfg(feature = "cache")]
        $observers.cache.push(observer.clone());
        #[cfg(feature = "data")]
        $observers.data.push(observer.clone());
        #[cfg(feature = "migrate")]
        $observers.migrate.push(observer.clone());
        observer
    }};
}

impl Observers {
    /// Adds one of every layer.
    pub(crate) fn add<O>(&mut self, observer: &Arc<O>)
    where
        O: crdb_auth::Observer
            + crdb_pool::Observer
            + crdb_wire::Observer
            + crdb_exec::Observer
            + 'static,
    {
        self.auth.push(observer.clone());
        self.pool.push(observer.clone());
        self.wire.push(observer.clone());
        self.exec.push(observer.clone());
    }
}

/// What a database records, and what shows it.
pub(crate) struct Observing {
    pub(crate) metrics: Arc<Metrics>,
    #[cfg(feature = "data")]
    pub(crate) data: Arc<dyn crdb_data::observer::Observer>,
    #[cfg(feature = "migrate")]
    pub(crate) migrate: Arc<dyn crdb_migrate::Observer>,
    #[cfg(feature = "profile")]
    pub(crate) profile: Option<Arc<Profile>>,
    #[cfg(feature = "endpoint")]
    pub(crate) readiness: Arc<Readiness>,
    #[cfg(feature = "endpoint")]
    pub(crate) endpoint: Option<Endpoint>,
    /// Passes once the database is open.
    #[cfg(feature = "endpoint")]
    pub(crate) opened: Gate,
    #[cfg(feature = "otlp")]
    exporter: Option<exporter::Exporter>,
    /// What asks the server for the profile; it ends with this.
    #[cfg(feature = "profile")]
    inspector: Option<inspector::Running>,
}

impl Observing {
    /// Adds what the configuration asks for to the observers.
    #[cfg_attr(
        not(feature = "otlp"),
        allow(clippy::unused_async, reason = "only this reads a file")
    )]
    pub(crate) async fn new(
        config: &Config,
        observers: &mut Observers,
        #[cfg(feature = "endpoint")] readiness: Arc<Readiness>,
    ) -> Result<Self, Error> {
        let metrics = Arc::new(Metrics::new());
        metrics.set_build(env!("CARGO_PKG_VERSION"), &config.fingerprint().to_string());
        if config.get(keys::observe::METRICS) {
            observers.add(&metrics);
            #[cfg(feature = "cache")]
            observers.cache.push(metrics.clone());
            #[cfg(feature = "data")]
            observers.data.push(metrics.clone());
            #[cfg(feature = "migrate")]
            observers.migrate.push(metrics.clone());
        }
        if config.get(keys::observe::TRACING) {
            add!(observers, Tracing::new());
        }
        #[cfg(feature = "log")]
        if let Some(lines) = log_lines(config) {
            add!(observers, lines);
        }
        #[cfg(feature = "otlp")]
        let exporter = exporter::Exporter::new(config, &metrics, observers).await?;
        Ok(Self {
            #[cfg(feature = "profile")]
            profile: profile(config, observers),
            #[cfg(feature = "profile")]
            inspector: None,
            #[cfg(feature = "otlp")]
            exporter,
            #[cfg(feature = "data")]
            data: Arc::new(crdb_data::observer::FanOut::new(std::mem::take(
                &mut observers.data,
            ))),
            #[cfg(feature = "migrate")]
            migrate: Arc::new(crdb_migrate::FanOut::new(std::mem::take(
                &mut observers.migrate,
            ))),
            #[cfg(feature = "endpoint")]
            opened: readiness.gate("open", "the database is being opened"),
            #[cfg(feature = "endpoint")]
            endpoint: None,
            #[cfg(feature = "endpoint")]
            readiness,
            metrics,
        })
    }

    /// Begins to serve the endpoint, where there is one: it is not ready yet.
    #[cfg(feature = "endpoint")]
    pub(crate) async fn serve(&mut self, config: &Config) -> Result<(), Error> {
        let Some(listen) = config.get(keys::observe::ENDPOINT_LISTEN) else {
            return Ok(());
        };
        let mut endpoint = Endpoint::builder()
            .listen(listen)
            .readiness(Arc::clone(&self.readiness));
        if config.get(keys::observe::METRICS) {
            endpoint = endpoint.metrics(Arc::clone(&self.metrics));
        }
        #[cfg(feature = "profile")]
        if let Some(profile) = &self.profile {
            endpoint = endpoint.profile(Arc::clone(profile));
        }
        let endpoint = endpoint
            .start()
            .await
            .map_err(|error| Error::not_observed(keys::observe::ENDPOINT_LISTEN, error))?;
        tracing::info!(
            target: crate::TARGET,
            address = %endpoint.address(),
            "serving /metrics, /health and /ready"
        );
        self.endpoint = Some(endpoint);
        Ok(())
    }

    /// Begins to ask the server for the profile, where the configuration wants it.
    #[cfg(feature = "profile")]
    pub(crate) fn inspect(
        &mut self,
        config: &Config,
        login: crdb_auth::ConfigBuilder,
    ) -> Result<(), Error> {
        if let Some(profile) = &self.profile {
            self.inspector = inspector::start(config, profile, login)?;
        }
        Ok(())
    }

    /// Ends what asks the server, so that its session does not outlive a closed database.
    #[cfg(feature = "profile")]
    pub(crate) async fn end_inspection(&self, within: Duration) {
        if let Some(inspector) = &self.inspector {
            inspector.end(within).await;
        }
    }

    /// What sends to the collector.
    #[cfg(feature = "otlp")]
    pub(crate) fn otlp(&self) -> Option<&crdb_observe::otlp::Otlp> {
        self.exporter.as_ref()?.otlp()
    }

    /// Sends what has gathered, for as long as `within` at most. What cannot be sent is logged.
    pub(crate) async fn flush(&self, within: Duration) {
        #[cfg(feature = "otlp")]
        if let Some(exporter) = &self.exporter {
            exporter.flush(within).await;
        }
        #[cfg(not(feature = "otlp"))]
        {
            let _ = within;
            std::future::ready(()).await;
        }
    }
}

#[cfg(feature = "profile")]
fn profile(config: &Config, observers: &mut Observers) -> Option<Arc<Profile>> {
    if !config.get(keys::observe::PROFILE) {
        return None;
    }
    let profile = Profile::new().slow_after(config.get(keys::observe::SLOW_AFTER));
    let profile = Arc::new(profile);
    observers.exec.push(profile.clone());
    observers.pool.push(profile.clone());
    Some(profile)
}

#[cfg(feature = "log")]
fn log_lines(config: &Config) -> Option<crdb_observe::LogLines> {
    use crate::config::keys::observe::LogFormat;
    use crdb_observe::LogLines;

    let lines = match config.get(keys::observe::LOG_FORMAT)? {
        LogFormat::Json => LogLines::json(std::io::stderr()),
        LogFormat::Human => LogLines::human(std::io::stderr()),
    };
    Some(lines.slow_after(config.get(keys::observe::SLOW_AFTER)))
}

#[cfg(feature = "profile")]
mod inspector {
    //! The session beside the pool on which the server is asked for the profile.

    use std::sync::Arc;
    use std::time::Duration;

    use crdb_exec::PooledExecutor;
    use crdb_observe::profile::{InspectOptions, Inspector, Profile};
    use crdb_pool::Pool;

    use crate::config::keys;
    use crate::connector::Connector;
    use crate::layers;
    use crate::source::Source;
    use crate::{Config, Error};

    /// How long a question may take.
    const LIMIT: Duration = Duration::from_secs(15);

    /// After this long without a question the session is closed.
    const IDLE: Duration = Duration::from_secs(60);

    /// What the session is called on the server, behind the service's own name.
    const NAME: &str = "crdb-profile";

    /// How many statements the session keeps prepared: most are asked once.
    const STATEMENTS: usize = 8;

    pub(crate) struct Running {
        task: tokio::task::JoinHandle<()>,
        pool: Pool<Connector>,
    }

    impl Drop for Running {
        fn drop(&mut self) {
            self.task.abort();
        }
    }

    impl Running {
        pub(super) async fn end(&self, within: Duration) {
            self.task.abort();
            if self.pool.close(within).await.is_err() {
                tracing::warn!(target: crate::TARGET, "the session for the profile was not returned in time");
            }
        }
    }

    /// Starts it where the configuration asks for something.
    pub(super) fn start(
        config: &Config,
        profile: &Arc<Profile>,
        login: crdb_auth::ConfigBuilder,
    ) -> Result<Option<Running>, Error> {
        let options = InspectOptions::new()
            .plans(config.get(keys::observe::INSPECT_PLANS))
            .contention(config.get(keys::observe::INSPECT_CONTENTION))
            .window(config.get(keys::observe::INSPECT_WINDOW))
            .analyze_every(config.get(keys::observe::INSPECT_ANALYZE_EVERY))
            .interval(config.get(keys::observe::INSPECT_INTERVAL));
        let is_wanted = config.get(keys::observe::INSPECT_PLANS)
            || config.get(keys::observe::INSPECT_CONTENTION);
        let Some(inspector) = is_wanted
            .then(|| Inspector::new(profile, options))
            .flatten()
        else {
            return Ok(None);
        };
        let name = match config.get(keys::auth::APPLICATION_NAME) {
            Some(name) => format!("{name} {NAME}"),
            None => NAME.to_owned(),
        };
        // No observer but that of logins: what it asks is none of the service's work.
        let connector = Connector::new(
            crdb_auth::Connector::new(login.application_name(name).build()?)?,
            config.get(keys::pool::CHECK_TIMEOUT),
            config.get(keys::pool::RESET_TIMEOUT),
            crdb_wire::Config::default().max_statements(STATEMENTS),
        );
        let pool = Pool::builder(connector)
            .nodes(layers::nodes(config))
            .configure(|pool| {
                layers::pool(config, pool, Duration::ZERO)
                    .min_size(0)
                    .max_size(1)
                    .idle_timeout(Some(IDLE))
                    .reset_always(true)
            })
            .build()?;
        let executor = PooledExecutor::builder(Source::new(pool.clone()))
            .timeout(Some(LIMIT))
            .attempts(1)
            .build();
        let task = tokio::spawn(inspector.run(executor));
        Ok(Some(Running { task, pool }))
    }
}

#[cfg(feature = "otlp")]
mod exporter {
    //! What is sent to a collector.

    use std::path::PathBuf;
    use std::sync::Arc;
    use std::time::Duration;

    use crdb_observe::otlp::{Otlp, OtlpBuilder};
    use crdb_observe::{LogLines, Metrics, OpenTelemetry};

    use super::Observers;
    use crate::config::keys;
    use crate::{Config, Error};

    /// How long the end of the last database waits for what has gathered to be sent.
    const AT_THE_END: Duration = Duration::from_secs(5);

    pub(crate) struct Exporter {
        /// Some until it is dropped.
        otlp: Option<Arc<Otlp>>,
    }

    impl Exporter {
        pub(super) async fn new(
            config: &Config,
            metrics: &Arc<Metrics>,
            observers: &mut Observers,
        ) -> Result<Option<Self>, Error> {
            let Some(url) = config.get(keys::observe::OTLP_ENDPOINT) else {
                return Ok(None);
            };
            let wrong = |error| Error::not_observed(keys::observe::OTLP_ENDPOINT, error);
            let service = config.get(keys::observe::SERVICE_NAME);
            let mut otlp = Otlp::builder(service.unwrap_or_else(program))
                .endpoint(url)
                .interval(config.get(keys::observe::OTLP_INTERVAL));
            if let Some(ratio) = config.get(keys::observe::OTLP_SAMPLE_RATIO) {
                otlp = otlp.sample_ratio(ratio);
            }
            for file in config.optional_paths(keys::observe::OTLP_ROOT_CERTIFICATES) {
                otlp = otlp.roots_file(file);
            }
            if let Some(file) = config.path(keys::observe::OTLP_HEADERS_FILE) {
                otlp = headers(config, otlp, file).await?;
            }
            let mut otlp = otlp.build().map_err(wrong)?;
            if config.get(keys::observe::METRICS) {
                otlp.export(Arc::clone(metrics)).map_err(wrong)?;
            }
            let builder = OpenTelemetry::builder().namespace(config.get(keys::auth::DATABASE));
            add!(observers, otlp.adapter(builder));
            let lines =
                LogLines::records(otlp.loggers()).slow_after(config.get(keys::observe::SLOW_AFTER));
            add!(observers, lines);
            Ok(Some(Self {
                otlp: Some(Arc::new(otlp)),
            }))
        }

        pub(super) fn otlp(&self) -> Option<&Otlp> {
            self.otlp.as_deref()
        }

        pub(super) async fn flush(&self, within: Duration) {
            let Some(otlp) = self.otlp.clone() else {
                return;
            };
            // Not one of the runtime's threads, whose end the runtime would wait for.
            let (sent, answer) = tokio::sync::oneshot::channel();
            start("crdb-otlp-flush", move || drop(sent.send(otlp.flush())));
            match tokio::time::timeout(within, answer).await {
                Ok(Ok(Ok(()))) => {}
                Ok(Ok(Err(error))) => {
                    tracing::warn!(target: crate::TARGET, %error, "telemetry was not sent");
                }
                Ok(Err(_)) | Err(_) => {
                    tracing::warn!(target: crate::TARGET, ?within, "telemetry was not sent in time");
                }
            }
        }
    }

    /// Sends what has gathered on a thread of its own: a runtime's thread must not block.
    impl Drop for Exporter {
        fn drop(&mut self) {
            let Some(otlp) = self.otlp.take().and_then(Arc::into_inner) else {
                return;
            };
            start("crdb-otlp-end", move || drop(otlp.shutdown(AT_THE_END)));
        }
    }

    /// Adds the headers that a file holds.
    async fn headers(
        config: &Config,
        otlp: OtlpBuilder,
        file: PathBuf,
    ) -> Result<OtlpBuilder, Error> {
        let key = keys::observe::OTLP_HEADERS_FILE;
        // A pipe may wait for its writer for ever.
        let (read, content) = tokio::sync::oneshot::channel();
        start("crdb-otlp-headers", move || {
            let what = "file of headers for the collector";
            drop(read.send(crdb_auth::read_secret_file(what, &file)));
        });
        let within = config.get(keys::auth::CONNECT_TIMEOUT);
        let content = match tokio::time::timeout(within, content).await {
            Ok(Ok(content)) => content.map_err(|error| Error::not_observed(key, error))?,
            Ok(Err(_)) => {
                let error = "the system has no thread to read the file";
                return Err(Error::not_observed(key, error));
            }
            Err(_) => {
                let error = format!("the file was not read within {within:?}");
                return Err(Error::not_observed(key, error));
            }
        };
        let text = std::str::from_utf8(content.expose())
            .map_err(|_| Error::not_observed(key, "the file holds what is no text"))?;
        otlp.header_lines(text)
            .map_err(|error| Error::not_observed(key, error))
    }

    /// Runs `work` on a thread of its own. A system without threads to spare loses it.
    fn start(name: &str, work: impl FnOnce() + Send + 'static) {
        drop(
            std::thread::Builder::new()
                .name(name.to_owned())
                .spawn(work),
        );
    }

    /// The name of the running program.
    fn program() -> String {
        std::env::current_exe()
            .ok()
            .and_then(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
            .unwrap_or_else(|| "unknown_service".to_owned())
    }
}
