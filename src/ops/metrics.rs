//! Metrics in memory, for Prometheus to fetch.

use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds of the buckets of everything that is measured in seconds.
const SECONDS: [f64; 14] = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0,
];
/// Upper bounds of the buckets of what is counted in a group.
const COMMANDS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];
/// Upper bounds of the buckets of a group's size in bytes.
const BYTES: [f64; 7] = [1e3, 1e4, 1e5, 5e5, 1e6, 4e6, 8e6];
/// How often recorded values are folded into their buckets; until then each one takes memory.
const UPKEEP: Duration = Duration::from_secs(5);

/// Makes the recorder of this process.
///
/// # Errors
/// Where there is one already.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_commands".to_owned()), &COMMANDS)?
        .set_buckets_for_metric(Matcher::Suffix("_bytes".to_owned()), &BYTES)?
        .install_recorder()
}

/// Keeps the recorder small for as long as it is polled.
pub async fn keep_small(handle: PrometheusHandle) {
    let mut turn = tokio::time::interval(UPKEEP);
    loop {
        turn.tick().await;
        handle.run_upkeep();
    }
}
