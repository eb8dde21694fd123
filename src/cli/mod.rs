//! The command line: one file a command.

mod backup;
mod bring_up;
mod config;
mod demo;
mod evaluate;
mod extract;
mod first_user;
mod identity;
mod migrate;
mod openapi;
mod run;
mod serve;
mod shell;
mod workflows;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::settings::Settings;
use crate::store::read::Role;

/// Long lists of businesses through durable, config-driven workflows: one daemon, one database.
///
/// Post a CSV of practice websites, get the complete spreadsheet back; kill the process at any moment and lose nothing.
#[derive(Debug, Parser)]
#[command(
    version,
    propagate_version = true,
    after_help = "\
First steps:
  batchdesk demo --exit                    see it work on bundled sample sites
  batchdesk demo --registration --exit     see three restaurants registered
  batchdesk run list.csv -o result.csv     run a list of your own, without a daemon
  batchdesk user add --email you@example.org --role operator --organisation Example
  batchdesk token create --email you@example.org --name laptop
  batchdesk serve                          then POST a CSV to http://127.0.0.1:8420/api/jobs"
)]
struct Cli {
    /// Settings over the built-in ones and /etc/batchdesk/config.toml.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon until SIGTERM; SIGHUP reads settings and workflow files again.
    Serve,
    /// Run a sample list against bundled sites on loopback, through the real daemon, and write the result.
    Demo(demo::Options),
    /// Run a list from beginning to end in one process, without a daemon, and write the result.
    #[command(after_long_help = run::AFTER_HELP)]
    Run(run::Options),
    /// Print what would be found on saved pages, as JSON lines, with no network.
    Extract(extract::Options),
    /// Print precision and recall of extraction, field by field, over labelled pages.
    Evaluate(evaluate::Options),
    /// Check or show the settings.
    #[command(subcommand)]
    Config(config::Action),
    /// Bring the database to this version's schema, or say how far it is. `serve` does this by itself.
    #[command(subcommand)]
    Migrate(migrate::Action),
    /// Show what the workflow files would change of the database, or change it, while no daemon runs.
    #[command(subcommand, after_long_help = workflows::AFTER_HELP)]
    Workflows(workflows::Action),
    /// Print the description of the REST interface (OpenAPI 3.1) as JSON.
    Openapi,
    /// Copy the database while the daemon runs, or look into such a copy.
    #[command(after_long_help = backup::AFTER_HELP)]
    Backup(backup::Options),
    /// Users.
    #[command(subcommand)]
    User(UserAction),
    /// API tokens.
    #[command(subcommand)]
    Token(TokenAction),
}

#[derive(Debug, Subcommand)]
enum UserAction {
    /// Add a user, and the organisation if there is none of that name. Works beside a running daemon.
    Add {
        /// The user's e-mail address.
        #[arg(long)]
        email: String,
        /// viewer reads (others' jobs with `auth.share_jobs`); member also uploads and steers; admin sees all of the
        /// organisation; operator also the daemon.
        #[arg(long, value_parser = |text: &str| text.parse::<Role>())]
        role: Role,
        /// Name of the organisation.
        #[arg(long)]
        organisation: String,
        /// Read a password from the first line of standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// List users: organisation, e-mail address, role, whether there is a password.
    List,
    /// Refuse a user's credentials; a running daemon does so within a second (`auth.token_cache_ms`).
    Disable {
        /// The user's e-mail address.
        #[arg(long)]
        email: String,
    },
    /// Give a user another password, which is read from the first line of standard input. Its sessions end.
    Password {
        /// The user's e-mail address.
        #[arg(long)]
        email: String,
    },
    /// Print a link by which a user sets a password, once, in place of earlier ones. Works beside a running daemon.
    Link {
        /// The user's e-mail address.
        #[arg(long)]
        email: String,
    },
}

#[derive(Debug, Subcommand)]
enum TokenAction {
    /// Make a token for a user and print it, alone, once.
    Create {
        /// The user's e-mail address.
        #[arg(long)]
        email: String,
        /// What the token is for.
        #[arg(long)]
        name: String,
    },
    /// List tokens that have not ended: id, user, name, scope, when made, when last used.
    List,
    /// End a token.
    Revoke {
        /// Its id, as `token list` shows it.
        id: entity::Id,
    },
}

/// Runs the command that the arguments name.
pub fn run() -> ExitCode {
    // Before any thread: the client and the database share one provider. It fails only if there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // What the database, spools and exports hold is nobody else's on this machine.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let cli = Cli::parse();
    let file = cli.config.as_deref();
    let outcome = match cli.command {
        Command::Serve => return serve::run(file),
        Command::Config(action) => return config::run(&action, file),
        Command::Workflows(action) => return workflows::run(&action, file),
        Command::Demo(options) => demo::run(&options),
        Command::Run(options) => return run::run(&options, file),
        Command::Extract(options) => extract::run(&options),
        Command::Evaluate(options) => evaluate::run(&options),
        Command::Backup(options) => backup::run(&options, file),
        Command::Migrate(action) => migrate::run(&action, file),
        Command::Openapi => openapi::run(),
        Command::User(UserAction::Add {
            email,
            role,
            organisation,
            password_stdin,
        }) => identity::add_user(file, email, role, organisation, password_stdin),
        Command::User(UserAction::List) => identity::list_users(file),
        Command::User(UserAction::Disable { email }) => identity::disable_user(file, &email),
        Command::User(UserAction::Password { email }) => identity::set_password(file, &email),
        Command::User(UserAction::Link { email }) => identity::print_link(file, &email),
        Command::Token(TokenAction::List) => identity::list_tokens(file),
        Command::Token(TokenAction::Revoke { id }) => identity::revoke_token(file, id),
        Command::Token(TokenAction::Create { email, name }) => identity::create_token(file, &email, &name),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// What became of writing to standard output; a reader who has seen enough, as `head` has, is no error.
fn unless_reader_left(written: std::io::Result<()>) -> std::io::Result<()> {
    written.or_else(|error| match error.kind() {
        std::io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(error),
    })
}

/// Says what went wrong, with its causes. Database errors repeat their cause in their own text; it is said once.
fn complain(error: &anyhow::Error) {
    let mut said = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !said.contains(&cause) {
            let separator = if said.is_empty() { "" } else { ": " };
            said.push_str(&format!("{separator}{cause}"));
        }
    }
    eprintln!("batchdesk: {said}");
}

/// The settings, or all mistakes in them on standard error.
fn settings(file: Option<&Path>) -> anyhow::Result<Settings> {
    Ok(Settings::load(file)?)
}

/// A runtime for commands that are done in a moment.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}
