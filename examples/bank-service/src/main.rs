//! Runs the service: settings, log, database, port; and ends it in the reverse order.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use bank_service::{
    Audit, LogFormat, LogSettings, MigrateAt, Service, Settings, migrations, plan, status,
};
use crdb_facade::Database;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;
use tracing_subscriber::EnvFilter;

const USAGE: &str = "\
Usage: bank-service [serve | migrate | plan | status | health] [FILE]

  serve     answer requests until SIGTERM (the default)
  migrate   bring the schema up to date, and end
  plan      show what migrate would run, and what is risky about it
  status    show how far each migration has come, and who is at work
  health    exit with 0 when the service that runs here is ready

FILE is the configuration, bank.yaml where it is left out.";

/// The least time that is left for closing sessions, whatever the requests took.
const CLOSING: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Command {
    Serve,
    Migrate,
    Plan,
    Status,
    Health,
}

fn main() -> ExitCode {
    let Some((command, file)) = arguments(std::env::args_os().skip(1).collect()) else {
        print(USAGE);
        return ExitCode::from(2);
    };
    match run(command, &file) {
        Ok(code) => code,
        Err(error) => {
            print(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stderr, reason = "there may be no log yet")]
fn print(text: &str) {
    eprintln!("{text}");
}

fn arguments(mut given: Vec<std::ffi::OsString>) -> Option<(Command, PathBuf)> {
    let command = match given.first().and_then(|first| first.to_str()) {
        Some("serve") => Some(Command::Serve),
        Some("migrate") => Some(Command::Migrate),
        Some("plan") => Some(Command::Plan),
        Some("status") => Some(Command::Status),
        Some("health") => Some(Command::Health),
        Some(option) if option.starts_with('-') => return None,
        _ => None,
    };
    if command.is_some() {
        given.remove(0);
    }
    if given.len() > 1 {
        return None;
    }
    let file = given.pop().unwrap_or_else(|| "bank.yaml".into());
    Some((command.unwrap_or(Command::Serve), file.into()))
}

fn run(command: Command, file: &std::path::Path) -> Result<ExitCode, Box<dyn Error>> {
    let settings = Settings::load(file)?;
    if command == Command::Health {
        bank_service::check(settings.listen)?;
        return Ok(ExitCode::SUCCESS);
    }
    log(&settings.log, command);
    // It reads files, so before the runtime runs.
    let audit = match (&settings.audit, command) {
        (Some(audit), Command::Serve) => {
            Some(Audit::open(audit).map_err(|error| format!("audit: {error}"))?)
        }
        _ => None,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let work = async {
            match command {
                Command::Serve => start(settings, audit).await.map(Some),
                _ => once(command, settings).await.map(|()| None),
            }
        };
        let running = tokio::select! {
            done = work => done?,
            () = signals.next() => return Ok(ExitCode::SUCCESS),
        };
        match running {
            Some(running) => running.until(&mut signals).await,
            None => Ok(ExitCode::SUCCESS),
        }
    })
}

fn log(settings: &LogSettings, command: Command) {
    let filter = match command {
        // Their output is what they were asked for.
        Command::Plan | Command::Status => "error",
        _ => settings.filter.as_str(),
    };
    let lines = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter));
    match settings.format {
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .init(),
        LogFormat::Text => lines.init(),
    }
}

/// Runs a command that ends by itself.
#[allow(clippy::print_stdout, reason = "it was asked for")]
async fn once(command: Command, settings: Settings) -> Result<(), Box<dyn Error>> {
    let db = Database::open(settings.database).await?;
    match command {
        Command::Plan => print!("{}", plan(&db, migrations()?).await?),
        Command::Status => print!("{}", status(&db, migrations()?).await?),
        _ => {
            let service = Service::new(db.clone(), migrations()?, None);
            service.migrate().await?;
        }
    }
    Ok(db.close(CLOSING).await?)
}

/// A service that listens.
struct Running {
    service: Service,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
    stop: tokio::sync::oneshot::Sender<()>,
    migrating: Option<tokio::task::JoinHandle<Result<(), crdb_facade::migrate::Error>>>,
    settings: bank_service::DrainSettings,
}

async fn start(settings: Settings, audit: Option<Audit>) -> Result<Running, Box<dyn Error>> {
    let db = Database::open(settings.database).await?;
    let service = Service::new(db, migrations()?, audit);
    // Listening comes before the migrations, so that the probes are answered while they run.
    let listener = TcpListener::bind(settings.listen).await?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let server = axum::serve(listener, service.router()).with_graceful_shutdown(async move {
        // A sender that is gone stops it too.
        let _ = stopped.await;
    });
    let server = tokio::spawn(async move { server.await });
    let migrating = match settings.migrate {
        MigrateAt::Start => {
            let service = service.clone();
            Some(tokio::spawn(async move { service.migrate().await }))
        }
        MigrateAt::Command => {
            service.serve();
            None
        }
    };
    Ok(Running {
        service,
        server,
        stop,
        migrating,
        settings: settings.drain,
    })
}

impl Running {
    /// Serves until a signal, then drains. A second signal ends the program at once.
    async fn until(mut self, signals: &mut Signals) -> Result<ExitCode, Box<dyn Error>> {
        tokio::select! {
            () = signals.next() => {}
            failed = failed(&mut self.migrating) => return Err(failed),
            ended = &mut self.server => {
                ended??;
                return Err("the server ended by itself".into());
            }
        }
        tokio::select! {
            code = self.drain() => Ok(code),
            () = signals.next() => {
                tracing::warn!("ended at once by a second signal");
                Ok(ExitCode::FAILURE)
            }
        }
    }

    /// Unready, then no more connections, then no more requests, then no more sessions; within the grace period.
    async fn drain(self) -> ExitCode {
        let end = Instant::now() + self.settings.grace;
        self.service.drain();
        tracing::info!("draining");
        if let Some(migrating) = &self.migrating {
            migrating.abort();
        }
        let unready = Instant::now() + self.settings.unready;
        tokio::time::sleep_until(unready.min(end)).await;
        let _ = self.stop.send(());
        let last_answer = end.checked_sub(CLOSING).unwrap_or(end);
        let mut code = ExitCode::SUCCESS;
        if tokio::time::timeout_at(last_answer, self.server)
            .await
            .is_err()
        {
            tracing::error!("requests were cut off at the end of the grace period");
            code = ExitCode::FAILURE;
        }
        let left = end.saturating_duration_since(Instant::now()).max(CLOSING);
        if let Err(error) = self.service.close(left).await {
            tracing::error!(%error, "sessions were cut off at the end of the grace period");
            code = ExitCode::FAILURE;
        }
        tracing::info!("drained");
        code
    }
}

/// Waits for the migrations to fail. Those that succeed are waited for in vain, by `pending`.
async fn failed(
    migrating: &mut Option<tokio::task::JoinHandle<Result<(), crdb_facade::migrate::Error>>>,
) -> Box<dyn Error> {
    let Some(task) = migrating else {
        return std::future::pending().await;
    };
    let ended = task.await;
    *migrating = None;
    match ended {
        Ok(Ok(())) => std::future::pending().await,
        Ok(Err(error)) => error.into(),
        Err(error) => error.into(),
    }
}

/// The signals that end the program.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
