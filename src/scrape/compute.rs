//! Work for the processor, away from the threads of actors.

use std::num::NonZero;
use std::sync::LazyLock;

use tokio::sync::Semaphore;
use tokio::task::JoinError;

/// Pieces that run at a time: more than there are cores would only hold more memory.
static CORES: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(2, NonZero::get)));

/// Runs `work` on the blocking pool when its turn has come. It keeps its turn to its end, also where nobody waits for it any more.
///
/// # Errors
/// Where it panicked.
pub async fn compute<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JoinError> {
    let turn = CORES.acquire().await;
    tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work()
    })
    .await
}
