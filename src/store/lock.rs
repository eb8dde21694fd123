//! One daemon owns a database.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::sqlx::{ConnectOptions as _, Connection as _, Executor as _, Row as _};

/// The advisory lock that the owner of a PostgreSQL database holds: "batchdsk" in ASCII.
const ADVISORY_LOCK: i64 = 0x6261_7463_6864_736b;
/// How often a second daemon asks whether the first is gone, and the first whether it still holds the lock.
const POLL: Duration = Duration::from_millis(500);
/// How often whoever does not wait asks.
const TRIES: u32 = 4;

/// Proof of ownership, given back when dropped or when the process ends.
#[derive(Debug)]
pub enum Ownership {
    /// An exclusive lock on a file beside the SQLite database.
    File(File),
    /// A session that holds an advisory lock.
    Session { session: Box<PgConnection>, url: String },
}

/// Why the database is not ours.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("another batchdesk daemon owns this database (it holds {}); stop it first, or give this one a database of its own", .0.display())]
    Taken(PathBuf),
    #[error("a batchdesk daemon owns this database")]
    Owned,
    #[error("the lock file {} cannot be opened", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("the database cannot be reached for its lock")]
    Database(#[from] sea_orm::sqlx::Error),
}

/// The file of a `sqlite:` URL, as the driver reads it.
#[must_use]
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("sqlite:")?;
    let path = rest.strip_prefix("//").unwrap_or(rest).split('?').next()?;
    if path.is_empty() || path == ":memory:" {
        return None;
    }
    let options = SqliteConnectOptions::from_str(url);
    Some(options.map_or_else(|_| PathBuf::from(path), |options| options.get_filename().to_owned()))
}

/// Takes the database, or waits for it: a second daemon on PostgreSQL stands by until the first is gone; on SQLite it
/// is refused, since two processes on one machine are a mistake.
///
/// # Errors
/// See [`LockError`].
pub async fn acquire(url: &str) -> Result<Ownership, LockError> {
    match sqlite_file(url) {
        Some(file) => lock_file(&file.with_added_extension("lock")),
        None => stand_by(url).await,
    }
}

/// Takes the database if nobody has it. A PostgreSQL server may notice a moment late that a daemon has ended.
///
/// # Errors
/// See [`LockError`]; [`LockError::Owned`] where a daemon has it.
pub async fn acquire_at_once(url: &str) -> Result<Ownership, LockError> {
    if let Some(file) = sqlite_file(url) {
        return lock_file(&file.with_added_extension("lock")).map_err(|error| match error {
            LockError::Taken(_) => LockError::Owned,
            other => other,
        });
    }
    let mut session = session(url).await?;
    let mut tries = 1;
    while !try_lock(&mut session).await? {
        if tries == TRIES {
            return Err(LockError::Owned);
        }
        tries += 1;
        tokio::time::sleep(POLL).await;
    }
    Ok(Ownership::Session {
        session: Box::new(session),
        url: url.to_owned(),
    })
}

fn lock_file(path: &Path) -> Result<Ownership, LockError> {
    let fault = |source| LockError::File {
        path: path.to_owned(),
        source,
    };
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(fault)?;
    match file.try_lock() {
        Ok(()) => Ok(Ownership::File(file)),
        Err(TryLockError::WouldBlock) => Err(LockError::Taken(path.to_owned())),
        Err(TryLockError::Error(source)) => Err(fault(source)),
    }
}

/// A session that may hold the advisory lock.
async fn session(url: &str) -> Result<PgConnection, sea_orm::sqlx::Error> {
    let options = PgConnectOptions::from_str(url)?
        .application_name("batchdesk owner")
        .disable_statement_logging();
    options.connect().await
}

async fn try_lock(session: &mut PgConnection) -> Result<bool, sea_orm::sqlx::Error> {
    let statement = format!("select pg_try_advisory_lock({ADVISORY_LOCK})");
    session
        .fetch_one(sea_orm::sqlx::AssertSqlSafe(statement))
        .await?
        .try_get(0)
}

async fn stand_by(url: &str) -> Result<Ownership, LockError> {
    // A first connection that fails is a mistake in the settings; a later one is an outage to wait out.
    let mut session = session(url).await?;
    if !try_lock(&mut session).await? {
        tracing::info!("another daemon owns this database; standing by to take over");
        session = take_again(url, &async || {}).await;
    }
    Ok(Ownership::Session {
        session: Box::new(session),
        url: url.to_owned(),
    })
}

impl Ownership {
    /// Holds on for as long as it is polled. A session that is lost is made again; `on_loss` runs while another session
    /// has the lock. Should that be a daemon that took over, the writer is fenced at its next transaction, so nothing
    /// depends on noticing it here.
    pub async fn keep(self, on_loss: impl AsyncFn()) {
        match self {
            Self::File(_file) => std::future::pending().await,
            Self::Session { mut session, url } => loop {
                tokio::time::sleep(POLL).await;
                if let Err(error) = session.ping().await {
                    tracing::warn!(%error, "the session that holds the database's lock is lost; taking it again");
                    *session = take_again(&url, &on_loss).await;
                    tracing::info!("the database's lock is held again");
                }
            },
        }
    }
}

async fn take_again(url: &str, while_held_by_another: &impl AsyncFn()) -> PgConnection {
    loop {
        if let Ok(mut session) = session(url).await {
            match try_lock(&mut session).await {
                Ok(true) => return session,
                Ok(false) => while_held_by_another().await,
                Err(error) => tracing::debug!(%error, "the lock cannot be asked for"),
            }
        }
        tokio::time::sleep(POLL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_the_one_that_the_driver_opens() {
        let file = |url| sqlite_file(url).map(|file| file.display().to_string());
        assert_eq!(file("sqlite://data/a.db?mode=rwc").as_deref(), Some("data/a.db"));
        assert_eq!(file("sqlite:///a/50%25 of%3F.db").as_deref(), Some("/a/50% of?.db"));
        assert_eq!(file("sqlite::memory:"), None);
        assert_eq!(file("postgres://localhost/a"), None);
    }
}
