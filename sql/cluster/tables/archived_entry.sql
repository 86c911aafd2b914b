-- Entries that prune_log took out of transaction_log: superseded by a newer one of their record, older than the limit, held
-- by every node. The protocol never reads them; an operator may dump and empty this table on each node.
-- May be repeated.
CREATE TABLE IF NOT EXISTS archived_entry (
    log_id BIGINT UNSIGNED NOT NULL,
    ${entry_columns},
    PRIMARY KEY (log_id, epoch),
    KEY archived_entry_record (table_name, record_id, epoch, log_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
