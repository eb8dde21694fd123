//! `batchdesk migrate`.

use std::path::Path;

use anyhow::Context as _;
use clap::Subcommand;
use migration::{Migrator, MigratorTrait as _};

use crate::settings::Settings;
use crate::store::lock::{acquire, sqlite_file};
use crate::store::{Database, Hq, row_security};

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Apply what is missing.
    Up,
    /// List what is applied and what is missing.
    Status,
}

pub fn run(action: &Action, file: Option<&Path>) -> anyhow::Result<()> {
    let settings = super::settings(file)?;
    super::block_on(async {
        match action {
            Action::Up => {
                let _ownership = acquire(&settings.database.url).await?;
                let database = open(&settings).await?;
                up(&database.writer).await?;
            }
            Action::Status => {
                let database = open(&settings).await?;
                for migration in Migrator::get_migration_with_status(database.writer.raw()).await? {
                    println!("{:<10} {}", migration.status(), migration.name());
                }
            }
        }
        Ok(())
    })
}

/// Opens the database, in a data directory that only its owner can read.
pub async fn open(settings: &Settings) -> anyhow::Result<Database> {
    make_data_dir(settings)?;
    Database::open(settings)
        .await
        .context("the database cannot be opened (database.url)")
}

/// Makes the data directory, and that of a SQLite database elsewhere.
pub fn make_data_dir(settings: &Settings) -> anyhow::Result<()> {
    let elsewhere = sqlite_file(&settings.database.url).and_then(|file| file.parent().map(Path::to_owned));
    for directory in [Some(settings.data_dir.clone()), elsewhere].into_iter().flatten() {
        if directory.as_os_str().is_empty() {
            continue;
        }
        make_private_dir(&directory).with_context(|| format!("{} cannot be made", directory.display()))?;
    }
    Ok(())
}

/// Makes a directory, readable by nobody else, unless it is there.
pub fn make_private_dir(directory: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// Applies what is missing, and makes the role that people's reads run as.
pub async fn up(hq: &Hq) -> anyhow::Result<()> {
    Migrator::up(hq.raw(), None)
        .await
        .context("the database cannot be brought to this version's schema")?;
    let row_security = row_security::make_role(hq).await.context("row-level security")?;
    row_security::tell(&row_security);
    Ok(())
}

/// Applies what is missing, unless nothing is: then a daemon may be running.
pub async fn up_if_needed(settings: &Settings, hq: &Hq) -> anyhow::Result<()> {
    if Migrator::get_pending_migrations(hq.raw()).await?.is_empty() {
        return Ok(());
    }
    let _ownership = acquire(&settings.database.url).await?;
    up(hq).await
}
