//! Which of a job's practices in error begin anew.

use entity::Id;
use sea_orm::Value;

use super::rows::{HAS_PREFIX, in_list, like_prefix};

/// A choice among a job's practices in error.
///
/// A duplicate shares its leader's outcome, so either of them stands for all that share it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Failed {
    #[default]
    All,
    /// Those with these ids.
    Practices(Vec<i64>),
    /// Those whose identifier or domain begins with this.
    Prefix(String),
}

impl Failed {
    /// The condition on `job_practices`, and its values.
    pub(super) fn condition(&self, job: Id) -> (String, Vec<Value>) {
        let mut sql = "job_id = ? and status = 'error'".to_owned();
        let mut values: Vec<Value> = vec![job.into()];
        let (chosen, more) = match self {
            Self::All => return (sql, values),
            Self::Practices(ids) => {
                let (list, ids) = in_list(ids);
                (format!("p.id in ({list})"), ids)
            }
            Self::Prefix(prefix) => {
                let pattern = like_prefix(prefix);
                (HAS_PREFIX.to_owned(), vec![pattern.clone().into(), pattern.into()])
            }
        };
        sql.push_str(&format!(
            " and coalesce(duplicate_of, id) in (select coalesce(p.duplicate_of, p.id) from job_practices p \
             where p.job_id = ? and p.status = 'error' and {chosen})"
        ));
        values.push(job.into());
        values.extend(more);
        (sql, values)
    }
}
