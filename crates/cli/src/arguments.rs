//! What can be typed.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// The internal developer platform from a terminal.
#[derive(Debug, Parser)]
#[command(name = "quintet", version, about)]
pub(crate) struct Arguments {
    /// Address of the gateway.
    #[arg(
        long,
        global = true,
        env = "QUINTET_URL",
        default_value = "http://127.0.0.1:7480"
    )]
    pub(crate) url: String,
    /// Access token; without it, the one in the token file.
    #[arg(long, global = true, env = "QUINTET_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// File that holds the access token; without it, `token` in the configuration folder.
    #[arg(long, global = true, env = "QUINTET_TOKEN_FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Namespace.
    #[arg(
        long,
        short,
        global = true,
        env = "QUINTET_NAMESPACE",
        default_value = "default"
    )]
    pub(crate) namespace: String,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// A table for people.
    #[default]
    Table,
    /// YAML documents.
    Yaml,
    /// JSON.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Creates or changes what files declare.
    Apply {
        /// File, folder, or `-` for standard input; may be repeated.
        #[arg(short = 'f', long = "filename", required = true)]
        files: Vec<PathBuf>,
    },
    /// Shows what files would run in an environment, or where a value in it comes from. Asks no server.
    Render(Render),
    /// Shows what files would change in every environment that they concern; ends with 1 if there is
    /// something, and with 2 on errors.
    Diff(Diff),
    /// Shows one object or all of a kind.
    #[command(alias = "list")]
    Get {
        /// Kind, plural or short name.
        kind: String,
        /// Name; all without it.
        name: Option<String>,
        /// Form of the answer.
        #[arg(short, long, value_enum, default_value_t)]
        output: Form,
        /// Shows changes as they come.
        #[arg(short, long)]
        watch: bool,
        /// Every namespace.
        #[arg(short = 'A', long)]
        all_namespaces: bool,
        /// Labels that objects must have.
        #[arg(short = 'l', long, default_value = "")]
        selector: String,
    },
    /// Tells about one object in plain words.
    Describe {
        /// Kind, plural or short name.
        kind: String,
        /// Name.
        name: String,
    },
    /// Deletes objects.
    Delete {
        /// Kind, plural or short name.
        kind: String,
        /// Names.
        #[arg(required = true)]
        names: Vec<String>,
        /// Returns at once, and not when the object is gone.
        #[arg(long)]
        no_wait: bool,
    },
    /// Puts a release of a component into an environment.
    Deploy {
        /// The component.
        component: String,
        /// The environment; the first of the pipeline without it.
        #[arg(long, short)]
        environment: Option<String>,
        /// The release; the latest without it.
        #[arg(long)]
        release: Option<String>,
    },
    /// Puts the release that runs in one environment into the next.
    Promote {
        /// The component.
        component: String,
        /// The environment to promote to.
        #[arg(long)]
        to: String,
        /// The environment to promote from.
        #[arg(long)]
        from: Option<String>,
    },
    /// Shows the logs of a component.
    Logs {
        /// The component.
        component: String,
        /// Environment; all without it.
        #[arg(long, short, default_value = "")]
        environment: String,
        /// Goes on with lines as they come.
        #[arg(long)]
        follow: bool,
        /// How many lines of the past.
        #[arg(long, default_value_t = 100)]
        tail: u32,
    },
    /// Shows how components fare in their environments, and the links to planes.
    Status {
        /// Only this component.
        component: Option<String>,
        /// Form of the answer.
        #[arg(short, long, value_enum, default_value_t)]
        output: Form,
    },
    /// Works with workflows.
    #[command(subcommand)]
    Workflow(WorkflowCommand),
    /// Works with the links to planes.
    #[command(subcommand)]
    Link(LinkCommand),
    /// Prints the access token in use.
    Token,
}

impl Command {
    /// The code of a failure: `diff` keeps 1 for differences.
    pub(crate) fn failure(&self) -> ExitCode {
        if matches!(self, Self::Diff(_)) {
            ExitCode::from(2)
        } else {
            ExitCode::FAILURE
        }
    }
}

/// Which files.
#[derive(Debug, Args)]
pub(crate) struct Files {
    /// File, folder, or `-` for standard input; may be repeated.
    #[arg(short = 'f', long = "filename", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Folders inside of folders, too.
    #[arg(short = 'R', long)]
    pub(crate) recursive: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Render {
    #[command(flatten)]
    pub(crate) files: Files,
    /// The environment.
    #[arg(long, short)]
    pub(crate) environment: String,
    /// Only this component.
    #[arg(long, short)]
    pub(crate) component: Option<String>,
    /// Form of the answer.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) output: Document,
    /// Tells which template, trait, default or value gives this value, as `Deployment:spec.replicas` or
    /// `Deployment/name:/spec/replicas`.
    #[arg(long, value_name = "PATH")]
    pub(crate) explain: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    #[command(flatten)]
    pub(crate) files: Files,
    /// File or folder with the state before; without it, the objects of the server. May be repeated.
    #[arg(long)]
    pub(crate) from: Vec<PathBuf>,
    /// Only this environment.
    #[arg(long, short)]
    pub(crate) environment: Option<String>,
    /// Only what happens at once: bindings keep the releases that they name. Without it, everything is
    /// compared as if it were released and promoted.
    #[arg(long)]
    pub(crate) pinned: bool,
}

/// The form of documents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Document {
    /// YAML.
    #[default]
    Yaml,
    /// JSON.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WorkflowCommand {
    /// Runs a workflow.
    Run {
        /// The workflow.
        workflow: String,
        /// Name of the run; made from the workflow's name and the time without it.
        #[arg(long)]
        name: Option<String>,
        /// A workflow of the namespace, rather than one of the whole platform.
        #[arg(long)]
        namespaced: bool,
        /// Parameter, as `key=value`; values are read as YAML.
        #[arg(long = "set", short = 's')]
        parameters: Vec<String>,
        /// Follows the run to its end; fails if the run fails.
        #[arg(long)]
        follow: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum LinkCommand {
    /// Lists links.
    List,
    /// Makes a one-time token with which a plane may join.
    Token {
        /// As `dataplane-default`.
        plane: String,
    },
    /// Revokes a link and cuts its connections.
    Revoke {
        /// As `dataplane-default`.
        plane: String,
    },
}
