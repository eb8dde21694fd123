//! Who gets the next free credit.

use entity::Id;

/// A batch that could use one more credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    pub organisation: Id,
    pub batch: Id,
    /// Credits that the batch holds.
    pub batch_holds: usize,
    /// Credits that all batches of its organisation hold.
    pub organisation_holds: usize,
}

/// The claim that is served next: of the organisation that holds fewest, the batch that holds fewest; among equals the
/// older batch (ids sort by time).
///
/// Applied to every credit as it comes free, this gives each organisation, and within it each batch, the same share of
/// what it can use (max-min fairness).
#[must_use]
pub fn next_claim(claims: impl IntoIterator<Item = Claim>) -> Option<Claim> {
    claims
        .into_iter()
        .min_by_key(|claim| (claim.organisation_holds, claim.batch_holds, claim.batch))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use uuid::Uuid;

    /// Hands out `credits` one by one and tells who holds how many.
    fn share(credits: usize, batches: &[(u128, u128, usize)]) -> HashMap<u128, usize> {
        let mut held: HashMap<u128, usize> = HashMap::new();
        for _ in 0..credits {
            let claims: Vec<_> = batches
                .iter()
                .filter(|(_, batch, wants)| held.get(batch).copied().unwrap_or(0) < *wants)
                .map(|(organisation, batch, _)| Claim {
                    organisation: Id(Uuid::from_u128(*organisation)),
                    batch: Id(Uuid::from_u128(*batch)),
                    batch_holds: held.get(batch).copied().unwrap_or(0),
                    organisation_holds: batches
                        .iter()
                        .filter(|(other, _, _)| other == organisation)
                        .map(|(_, batch, _)| held.get(batch).copied().unwrap_or(0))
                        .sum(),
                })
                .collect();
            if let Some(claim) = next_claim(claims) {
                *held.entry(claim.batch.0.as_u128()).or_default() += 1;
            }
        }
        held
    }

    #[test]
    fn organisations_share_before_batches_do() {
        let held = share(12, &[(1, 10, 100), (1, 11, 100), (1, 12, 100), (2, 20, 100)]);
        assert_eq!((held[&10], held[&11], held[&12], held[&20]), (2, 2, 2, 6));
    }

    #[test]
    fn what_one_cannot_use_goes_to_the_others() {
        let held = share(12, &[(1, 10, 100), (2, 20, 2)]);
        assert_eq!((held[&10], held[&20]), (10, 2));
    }
}
