//! Which registrations made calls of which nobody knows what they did, and still have to say so.

/// Of a registration `j`: such calls, that nothing has settled. One that is open speaks for itself, one that was taken up has handed
/// its calls on, and one that was completed has left out what may fail: that settles those before it too.
pub const UNSETTLED: &str = "j.outcome_unknown and not j.is_open and j.status <> 'completed' \
    and not exists (select 1 from registration_jobs n where n.source_job_id = j.id) \
    and not exists (select 1 from registration_jobs n where n.restaurant_id = j.restaurant_id and n.status = 'completed' \
    and n.since_seq > j.since_seq)";
