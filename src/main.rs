//! Entry: see `cli` for the commands.

use std::process::ExitCode;

fn main() -> ExitCode {
    batchdesk::cli::run()
}
