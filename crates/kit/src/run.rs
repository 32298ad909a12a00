//! A process from its arguments to its exit code.

mod arguments;
mod drive;

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use crate::admin::Admin;
use crate::config::{self, Config, Settings};
use crate::tasks::Tasks;
use crate::telemetry::Telemetry;
use crate::{chain, listen, tls};
use arguments::{Action, Arguments};
use drive::{Signals, drive};

/// Why a service cannot start: any error.
pub type StartError = Box<dyn Error + Send + Sync>;

/// The allocator of every process of the platform: after a burst it gives memory back, which the system's keeps in an
/// arena for each thread. `.cargo/config.toml` holds its settings.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const FAILURE: u8 = 1;
const USAGE: u8 = 2;

/// How long threads that block may hold up the end of the process.
const THREADS: Duration = Duration::from_secs(1);

/// Runs a service: finds its configuration, sets up telemetry, starts it, waits for its end and drains it.
///
/// `start` binds the listeners, spawns the tasks and returns; then the process is ready. The exit code is 0 after a
/// shutdown by SIGTERM or SIGINT, 1 if the service cannot start or a task ended unasked, and 2 if the arguments or the
/// configuration are wrong. The first signal asks tasks to finish; the second ends the process at once.
pub fn run<C, F>(name: &'static str, start: F) -> ExitCode
where
    C: Settings,
    F: AsyncFnOnce(C, &Tasks) -> Result<(), StartError>,
{
    let Arguments { action, sources } = match Arguments::parse(name) {
        Ok(arguments) => arguments,
        Err(error) => {
            // It writes help to stdout and errors to stderr; a closed pipe is not worth a failure.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { USAGE } else { 0 });
        }
    };
    if action == Action::Schema {
        return print(&format!("{:#}\n", config::schema::<C>()));
    }
    let (config, kit) = match config::load::<C>(&sources) {
        Ok(loaded) => loaded,
        Err(error) => return refuse(name, &error, USAGE),
    };
    match action {
        Action::Check => print("the configuration is valid\n"),
        Action::Print => match config::show(&config) {
            Ok(text) => print(&text),
            Err(error) => refuse(name, &error, FAILURE),
        },
        Action::Run | Action::Schema => live(name, config, &kit, start),
    }
}

fn live<C, F>(name: &'static str, config: C, kit: &Config, start: F) -> ExitCode
where
    C: Settings,
    F: AsyncFnOnce(C, &Tasks) -> Result<(), StartError>,
{
    tls::install();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return refuse(name, &error, FAILURE),
    };
    let code = runtime.block_on(Box::pin(async {
        let telemetry = match Telemetry::init(name, &kit.telemetry) {
            Ok(telemetry) => telemetry,
            Err(error) => return refuse(name, &error, USAGE),
        };
        let tasks = Tasks::new();
        let ended = under_way(name, &tasks, &telemetry, kit, start(config, &tasks)).await;
        telemetry.shutdown().await;
        ended
    }));
    runtime.shutdown_timeout(THREADS);
    code
}

async fn under_way(
    name: &'static str,
    tasks: &Tasks,
    telemetry: &Telemetry,
    kit: &Config,
    start: impl Future<Output = Result<(), StartError>>,
) -> ExitCode {
    let result = async {
        let mut signals = Signals::listen()?;
        let listener = listen::bind("the admin port", kit.admin.listen).await?;
        let router = Admin::new(tasks, telemetry).router();
        tasks.spawn_once("admin", |shutdown| {
            listen::serve(listener, router, shutdown)
        });
        tracing::info!(
            service.name = name,
            service.version = env!("CARGO_PKG_VERSION"),
            "starting"
        );
        drive(
            tasks,
            start,
            async || signals.next().await,
            *kit.shutdown.grace,
        )
        .await
    };
    match result.await {
        Ok(()) => {
            tracing::info!("stopped");
            ExitCode::SUCCESS
        }
        Err(error) => {
            tracing::error!(error = %chain(error.as_ref()), "stopped after a failure");
            ExitCode::from(FAILURE)
        }
    }
}

fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(FAILURE),
    }
}

/// Says why there is no process, before there is a log.
fn refuse(name: &str, error: &(dyn Error + 'static), code: u8) -> ExitCode {
    // Where stderr is closed, the exit code must do.
    let _ = writeln!(std::io::stderr(), "{name}: {}", chain(error));
    ExitCode::from(code)
}
