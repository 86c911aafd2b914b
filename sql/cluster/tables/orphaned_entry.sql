-- Entries that the cluster did not keep, taken out of this node's log and waiting to be filed on
-- the primary as orphaned transactions. Same columns and identity as transaction_log.
-- May be repeated.
CREATE TABLE IF NOT EXISTS orphaned_entry (
    log_id BIGINT UNSIGNED NOT NULL,
    ${entry_columns},
    PRIMARY KEY (log_id, epoch)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
