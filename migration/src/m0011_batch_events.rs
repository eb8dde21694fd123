//! What happened to a batch as a whole is found without reading what happened to its items.

crate::migration!(
    "m0011_batch_events",
    up: &[
        // A handful of rows a batch, so it costs those who write items nothing.
        "create index batch_operation_logs_of_batches on batch_operation_logs (batch_job_id, seq)
            where item_id is null",
    ],
    down: &["drop index batch_operation_logs_of_batches"]
);
