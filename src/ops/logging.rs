//! The log: chosen once where lines go and how they look, what is logged changeable at any time.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

use tracing::Subscriber;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer, Registry, reload};

use crate::settings::LogFormat;

/// Name of the daemon in the journal.
const IDENTIFIER: &str = "batchdesk";

/// The running log. Dropping it stops nothing; it only holds the way to change what is logged.
#[derive(Clone, Debug)]
pub struct Logging {
    filter: reload::Handle<EnvFilter, Registry>,
}

/// The log cannot be started or changed.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// Not a list of levels and `target=level`.
    #[error("not a list of log levels: {0}")]
    Directives(#[from] ParseError),
    /// The journal was asked for by name and is not there.
    #[error("the journal's socket cannot be reached: {0}")]
    Journal(#[source] io::Error),
    /// Something else in this process logs already.
    #[error("a log is already set up in this process")]
    Already,
    /// The log is gone, at the end of the process.
    #[error("the log is no longer running")]
    Gone,
}

impl Logging {
    /// Starts the log of this process. `level` is a list of `EnvFilter` directives. Text and JSON go to stderr, so that
    /// stdout holds answers of commands alone.
    ///
    /// # Errors
    /// When `level` is not a list of directives, the journal was asked for by name and is not there, or a log runs
    /// already.
    pub fn start(level: &str, format: LogFormat) -> Result<Self, LoggingError> {
        Self::start_on(level, format, io::stderr)
    }

    /// As [`start`](Self::start), with another writer of text and JSON.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_on<W>(level: &str, format: LogFormat, writer: W) -> Result<Self, LoggingError>
    where
        W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
    {
        let (filter, handle) = reload::Layer::new(directives(level)?);
        let subscriber = Registry::default().with(filter).with(output(format, writer)?);
        tracing::subscriber::set_global_default(subscriber).map_err(|_| LoggingError::Already)?;
        Ok(Self { filter: handle })
    }

    /// Changes what is logged from the next line on. `directives` as for [`start`](Self::start).
    ///
    /// # Errors
    /// When `directives` is not a list of directives; the old ones then go on to hold.
    pub fn set_level(&self, directives: &str) -> Result<(), LoggingError> {
        self.filter
            .reload(self::directives(directives)?)
            .map_err(|_| LoggingError::Gone)
    }
}

fn directives(text: &str) -> Result<EnvFilter, LoggingError> {
    Ok(EnvFilter::builder().parse(text)?)
}

type Output<S> = Box<dyn Layer<S> + Send + Sync>;

fn output<S, W>(format: LogFormat, writer: W) -> Result<Output<S>, LoggingError>
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    match format {
        LogFormat::Journald => Ok(journal().map_err(LoggingError::Journal)?.boxed()),
        LogFormat::Text => Ok(tracing_subscriber::fmt::layer()
            .with_ansi(io::stderr().is_terminal())
            .with_writer(writer)
            .boxed()),
        LogFormat::Json => Ok(tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_writer(writer)
            .boxed()),
        LogFormat::Auto if stderr_is_journal() => match journal() {
            Ok(layer) => Ok(layer.boxed()),
            // A unit may be kept from the socket and yet have its stderr in the journal.
            Err(_) => output(LogFormat::Text, writer),
        },
        LogFormat::Auto if io::stderr().is_terminal() => output(LogFormat::Text, writer),
        LogFormat::Auto => output(LogFormat::Json, writer),
    }
}

fn journal() -> io::Result<tracing_journald::Layer> {
    // Without the prefix, `batch_id` becomes the field BATCH_ID and can be asked for as such.
    Ok(tracing_journald::layer()?
        .with_field_prefix(None)
        .with_syslog_identifier(IDENTIFIER.to_owned()))
}

/// Whether stderr leads to the journal: `$JOURNAL_STREAM` then names its device and inode. The variable alone does not
/// tell, as it is inherited by programs whose stderr was redirected (systemd.exec(5)).
fn stderr_is_journal() -> bool {
    let Ok(named) = std::env::var("JOURNAL_STREAM") else {
        return false;
    };
    stream_is(&named, &io::stderr())
}

fn stream_is(named: &str, stream: &impl AsFd) -> bool {
    let metadata = stream
        .as_fd()
        .try_clone_to_owned()
        .and_then(|owned| File::from(owned).metadata());
    metadata.is_ok_and(|metadata| named == format!("{}:{}", metadata.dev(), metadata.ino()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Lines {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, level: &str, run: impl FnOnce(&Logging)) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let (filter, handle) = reload::Layer::new(directives(level).unwrap());
        let output = output(format, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(Registry::default().with(filter).with(output), || {
            run(&Logging { filter: handle });
        });
        lines.text()
    }

    #[test]
    fn the_level_changes_while_running_and_survives_a_bad_one() {
        let text = logged(LogFormat::Text, "info", |logging| {
            tracing::debug!("one");
            logging.set_level("debug").unwrap();
            tracing::debug!("two");
            assert!(matches!(logging.set_level("a=loud"), Err(LoggingError::Directives(_))));
            tracing::debug!("three");
            logging.set_level("warn").unwrap();
            tracing::info!("four");
        });
        assert!(!text.contains("one") && !text.contains("four"), "{text}");
        assert!(text.contains("two") && text.contains("three"), "{text}");
    }

    #[test]
    fn json_is_a_line_an_event_with_the_fields_of_its_spans() {
        let text = logged(LogFormat::Json, "info", |_| {
            let span = tracing::info_span!("practice", batch_id = 7);
            let _entered = span.enter();
            tracing::info!(step = "scrape", "done\nor so");
        });
        assert_eq!(text.matches('\n').count(), 1, "{text}");
        let event: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(event["message"], "done\nor so");
        assert_eq!(event["step"], "scrape");
        assert_eq!(event["spans"][0]["batch_id"], 7);
    }

    #[test]
    fn only_the_stream_that_is_named_is_the_journal() {
        let (one, other) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        let metadata = one.metadata().unwrap();
        let named = format!("{}:{}", metadata.dev(), metadata.ino());
        assert!(stream_is(&named, &one));
        assert!(!stream_is(&named, &other));
        assert!(!stream_is("", &one));
    }
}
