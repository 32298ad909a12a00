//! The arguments that every binary of the platform takes.

use std::path::PathBuf;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser};

use crate::config::Sources;

/// What to do, and where to look for the configuration.
#[derive(Debug)]
pub(super) struct Arguments {
    pub(super) action: Action,
    pub(super) sources: Sources,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Run,
    Check,
    Print,
    Schema,
}

#[derive(Debug, Parser)]
#[command(version, disable_help_subcommand = true)]
struct Raw {
    /// A configuration file (YAML); of several, later ones win
    #[arg(long = "config", value_name = "FILE")]
    config: Vec<PathBuf>,

    /// A single setting; it wins over files and the environment
    #[arg(long, value_name = "SECTION.KEY=VALUE")]
    set: Vec<String>,

    /// Check the configuration and exit
    #[arg(long, group = "action")]
    check_config: bool,

    /// Print the whole configuration, secrets masked, and exit
    #[arg(long, group = "action")]
    print_config: bool,

    /// Print the JSON Schema of the configuration and exit
    #[arg(long, group = "action")]
    config_schema: bool,
}

const ENVIRONMENT: &str = "Every setting can also be given by the environment: \
     QUINTET_SECTION__KEY, as in QUINTET_KIT__TELEMETRY__LOG_LEVEL=debug.";

impl Arguments {
    /// The arguments and the environment of this process.
    pub(super) fn parse(name: &'static str) -> Result<Self, clap::Error> {
        let command = Raw::command()
            .name(name)
            .bin_name(name)
            .after_help(ENVIRONMENT);
        let arguments = Self::from_matches(command.try_get_matches_from(std::env::args_os())?)?;
        Ok(arguments.with_environment())
    }

    fn from_matches(matches: ArgMatches) -> Result<Self, clap::Error> {
        let raw = Raw::from_arg_matches(&matches)?;
        let action = match &raw {
            Raw {
                check_config: true, ..
            } => Action::Check,
            Raw {
                print_config: true, ..
            } => Action::Print,
            Raw {
                config_schema: true,
                ..
            } => Action::Schema,
            Raw { .. } => Action::Run,
        };
        let sources = Sources {
            files: raw.config,
            arguments: raw.set,
            ..Sources::default()
        };
        Ok(Self { action, sources })
    }

    /// Variables that are no text cannot be settings.
    fn with_environment(mut self) -> Self {
        let texts = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        self.sources.environment = texts.collect();
        self
    }
}
