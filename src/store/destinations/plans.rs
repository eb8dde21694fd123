//! Plans that are known, so that not every row asks what its table looks like.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::error::{Blame, DestinationError};
use super::plan::TablePlan;
use super::spec::{DestinationDb, DestinationSpec};

/// Plans that are remembered before all are forgotten and made anew.
const REMEMBERED: usize = 1_024;
/// How long a plan is trusted: a column that was widened says nothing by itself.
const TRUSTED_FOR: Duration = Duration::from_secs(60);
/// How long a destination that could not be asked is not asked again.
const AWAY_FOR: Duration = Duration::from_secs(5);

#[derive(Debug)]
struct Known {
    plan: Arc<TablePlan>,
    since: Instant,
}

/// Who waits for an answer that could not be had gets the same one.
#[derive(Debug)]
struct Away {
    error: DestinationError,
    since: Instant,
}

#[derive(Debug, Default)]
pub(super) struct Plans {
    known: Mutex<HashMap<DestinationSpec, Known>>,
    away: Mutex<HashMap<DestinationDb, Away>>,
    /// Held by the one that asks a destination; the others find what it has learnt.
    asking: tokio::sync::Mutex<()>,
}

impl Plans {
    fn known(&self) -> MutexGuard<'_, HashMap<DestinationSpec, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn away(&self) -> MutexGuard<'_, HashMap<DestinationDb, Away>> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn trusted(&self, spec: &DestinationSpec) -> Option<Arc<TablePlan>> {
        let known = self.known();
        let found = known.get(spec).filter(|known| known.since.elapsed() < TRUSTED_FOR)?;
        Some(Arc::clone(&found.plan))
    }

    /// Why the destination could not be asked a moment ago.
    fn failed(&self, database: DestinationDb) -> Option<DestinationError> {
        let mut away = self.away();
        away.retain(|_, away| away.since.elapsed() < AWAY_FOR);
        away.get(&database).map(|away| away.error.clone())
    }

    /// The plan that is known, or what `learn` finds. Where the destination is away, an older plan still serves.
    pub(super) async fn get(
        &self,
        spec: &DestinationSpec,
        learn: impl AsyncFnOnce() -> Result<TablePlan, DestinationError>,
    ) -> Result<Arc<TablePlan>, DestinationError> {
        if let Some(plan) = self.trusted(spec) {
            return Ok(plan);
        }
        let _asking = self.asking.lock().await;
        if let Some(plan) = self.trusted(spec) {
            return Ok(plan);
        }
        let learnt = match self.failed(spec.database) {
            Some(error) => Err(error),
            None => learn().await,
        };
        match learnt {
            Ok(plan) => {
                self.away().remove(&spec.database);
                Ok(self.learn(spec, plan))
            }
            Err(error) if error.blame() == Blame::Passing => {
                self.away().entry(spec.database).or_insert_with(|| Away {
                    error: error.clone(),
                    since: Instant::now(),
                });
                let known = self.known();
                known.get(spec).map(|known| Arc::clone(&known.plan)).ok_or(error)
            }
            Err(error) => {
                self.known().remove(spec);
                Err(error)
            }
        }
    }

    /// Remembers a plan.
    pub(super) fn learn(&self, spec: &DestinationSpec, plan: TablePlan) -> Arc<TablePlan> {
        let plan = Arc::new(plan);
        let mut known = self.known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        let fresh = Known {
            plan: Arc::clone(&plan),
            since: Instant::now(),
        };
        known.insert(spec.clone(), fresh);
        plan
    }

    /// Forgets all plans for a table.
    pub(super) fn forget(&self, database: DestinationDb, table: &str) {
        self.known()
            .retain(|_, known| known.plan.database() != database || known.plan.table() != table);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::store::destinations::table::Dialect;

    fn spec(table: &str) -> DestinationSpec {
        DestinationSpec {
            database: DestinationDb::Workspace,
            table: table.to_owned(),
            mappings: Vec::new(),
            conflict_columns: Vec::new(),
        }
    }

    fn plan(table: &str) -> TablePlan {
        TablePlan {
            database: DestinationDb::Workspace,
            dialect: Dialect::Sqlite,
            table: table.to_owned(),
            columns: Vec::new(),
        }
    }

    fn away() -> DestinationError {
        DestinationError::Away {
            database: DestinationDb::Workspace,
            reason: "gone".to_owned(),
            retry_after: None,
        }
    }

    #[tokio::test]
    async fn many_who_want_a_plan_ask_once() {
        let plans = Plans::default();
        let asked = AtomicU32::new(0);
        let get = async || {
            let learn = async || {
                asked.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                Ok(plan("t"))
            };
            plans.get(&spec("t"), learn).await.unwrap()
        };
        let (first, second) = tokio::join!(get(), get());
        assert!(Arc::ptr_eq(&first, &second));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        plans.forget(DestinationDb::Hq, "t");
        get().await;
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        plans.forget(DestinationDb::Workspace, "t");
        get().await;
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_destination_that_is_away_is_not_asked_by_all() {
        let plans = Plans::default();
        assert_eq!(plans.get(&spec("t"), async || Err(away())).await, Err(away()));
        let unasked = plans.get(&spec("u"), async || Ok(plan("u"))).await;
        assert_eq!(unasked, Err(away()), "the answer of a moment ago");
        let of_hq = DestinationSpec {
            database: DestinationDb::Hq,
            ..spec("t")
        };
        assert!(plans.get(&of_hq, async || Ok(plan("t"))).await.is_ok());
    }

    #[tokio::test]
    async fn what_does_not_fit_is_looked_at_again() {
        let plans = Plans::default();
        let unfit = DestinationError::Unfit(Vec::new());
        assert!(plans.get(&spec("t"), async || Err(unfit)).await.is_err());
        assert!(plans.get(&spec("t"), async || Ok(plan("t"))).await.is_ok());
    }
}
