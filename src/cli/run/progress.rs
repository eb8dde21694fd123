//! How a run tells of itself on standard error: a bar on a terminal, else a line every few seconds.
//!
//! Lines of the log and notes go through here too, so that none of them is torn by the bar.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::store::read::JobView;

/// The least time between two lines where there is no bar.
const LINES_EVERY: Duration = Duration::from_secs(5);

/// The progress of one run.
pub struct Progress {
    bar: ProgressBar,
    quiet: bool,
    /// Where lines stand in for the bar.
    lines: bool,
    /// When the last line was written, and how many rows were done.
    last_line: Option<(Instant, u64)>,
    followed: bool,
}

impl Progress {
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        let lines = !io::stderr().is_terminal();
        let target = if quiet || lines {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        Self {
            // Hidden, it still keeps rate and remaining time.
            bar: ProgressBar::with_draw_target(None, target),
            quiet,
            lines,
            last_line: None,
            followed: false,
        }
    }

    /// Where the log writes its lines.
    pub fn log_writer(&self) -> impl Fn() -> BesideBar + Send + Sync + 'static {
        let bar = self.bar.clone();
        move || BesideBar(bar.clone())
    }

    /// A line for whoever watches; nothing if nobody wants to.
    pub fn note(&self, line: &str) {
        if !self.quiet {
            self.say(line);
        }
    }

    /// A line that must be read.
    pub fn say(&self, line: &str) {
        // Nobody reading is no reason to stop.
        let _ = writeln!(BesideBar(self.bar.clone()), "{line}");
    }

    /// Something takes a while, and nobody knows how long.
    pub fn busy(&self, with: &str) {
        self.bar.set_style(style("{spinner} {msg} ({elapsed})"));
        self.bar.set_message(with.to_owned());
    }

    /// Shows how the job stands.
    pub fn show(&mut self, job: &JobView) {
        let whole = |count: i64| u64::try_from(count).unwrap_or_default();
        let (total, done) = (whole(job.counts.total()), whole(job.counts.finished()));
        let counts = outcomes(job);
        if !self.followed {
            self.followed = true;
            self.bar
                .set_style(style("{bar:32} {pos}/{len} {msg}  {per_sec}, {eta} left"));
            self.bar.set_length(total);
            self.bar.set_position(done);
            self.bar.tick();
            // What was done before is no measure of the speed.
            self.bar.reset_eta();
            self.last_line = Some((Instant::now(), done));
        }
        self.bar.set_length(total);
        self.bar.set_position(done);
        self.bar.set_message(counts.clone());
        if self.lines && !self.quiet && done < total {
            self.line(done, total, &counts);
        }
    }

    fn line(&mut self, done: u64, total: u64, counts: &str) {
        let now = Instant::now();
        if let Some((at, before)) = self.last_line
            && (before == done || now.duration_since(at) < LINES_EVERY)
        {
            return;
        }
        self.last_line = Some((now, done));
        let line = format!(
            "{done} of {total} done, {counts}; {:.1}/s, {} left",
            self.bar.per_sec(),
            HumanDuration(self.bar.eta())
        );
        self.say(&line);
    }

    /// Keeps what moves moving while nothing is new.
    pub fn tick(&self) {
        self.bar.tick();
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// The outcomes so far, in words.
#[must_use]
pub fn outcomes(job: &JobView) -> String {
    let counts = job.counts;
    let mut text = format!("{} found, {} failed", counts.aggregated, counts.error);
    if counts.excluded > 0 {
        text.push_str(&format!(", {} excluded", counts.excluded));
    }
    text
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Standard error, with the bar taken away while something is written.
pub struct BesideBar(ProgressBar);

impl io::Write for BesideBar {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
