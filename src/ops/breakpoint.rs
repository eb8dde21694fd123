//! Named places at which a test build can be made to die, as if the plug were pulled, or to misbehave.
//!
//! Without the feature `breakpoints` all of this is nothing.

/// A place around a commit or a call. In a test build with `BATCHDESK_KILL_AFTER=n` the process gets SIGKILL at the
/// n-th place that it passes.
#[cfg(not(feature = "breakpoints"))]
#[inline]
pub fn breakpoint(_name: &'static str) {}

/// Misbehaves for `subject` if the test build was told to: see the other definition.
#[cfg(not(feature = "breakpoints"))]
#[inline]
pub fn misbehave(_place: &'static str, _subject: &str) {}

#[cfg(feature = "breakpoints")]
pub use on::{breakpoint, misbehave};

#[cfg(feature = "breakpoints")]
mod on {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    static PASSED: AtomicU64 = AtomicU64::new(0);

    fn kill_after() -> Option<u64> {
        static KILL_AFTER: OnceLock<Option<u64>> = OnceLock::new();
        *KILL_AFTER.get_or_init(|| std::env::var("BATCHDESK_KILL_AFTER").ok()?.parse().ok())
    }

    /// See the definition of the release build.
    pub fn breakpoint(name: &'static str) {
        let passed = PASSED.fetch_add(1, Ordering::Relaxed) + 1;
        if kill_after() == Some(passed) {
            eprintln!("killed at breakpoint {passed}: {name}");
            // Cannot fail for the own process; if it did, the test would notice that nothing died.
            let _ = signal_hook::low_level::raise(9);
        }
    }

    /// With `BATCHDESK_MISBEHAVE=PLACE|SUBJECT|KIND` (several separated by `;`): a `panic`, a stack `overflow`, an
    /// `abort`, or one panic only (`panic_once`), where place and subject match.
    pub fn misbehave(place: &'static str, subject: &str) {
        static PLAN: OnceLock<String> = OnceLock::new();
        let plan = PLAN.get_or_init(|| std::env::var("BATCHDESK_MISBEHAVE").unwrap_or_default());
        for entry in plan.split(';') {
            let mut parts = entry.splitn(3, '|');
            let (Some(at), Some(of), Some(kind)) = (parts.next(), parts.next(), parts.next()) else {
                continue;
            };
            if at != place || (of != "*" && of != subject) {
                continue;
            }
            match kind {
                "panic" => panic!("told to panic at {place} for {subject}"),
                "panic_once" => {
                    static DONE: AtomicBool = AtomicBool::new(false);
                    assert!(
                        DONE.swap(true, Ordering::Relaxed),
                        "told to panic once at {place} for {subject}"
                    );
                }
                "overflow" => {
                    std::hint::black_box(overflow(1));
                }
                "abort" => std::process::abort(),
                other => eprintln!("no such misbehaviour: {other}"),
            }
        }
    }

    #[allow(unconditional_recursion)]
    fn overflow(depth: u64) -> u64 {
        let block = std::hint::black_box([depth; 512]);
        overflow(block[0] + 1) + block[511]
    }
}
