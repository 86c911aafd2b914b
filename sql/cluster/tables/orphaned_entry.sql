-- Entries that the cluster did not keep, taken out of this node's log and waiting to be filed on
-- the primary as orphaned transactions. Same columns and identity as transaction_log.
-- May be repeated.
CREATE TABLE IF NOT EXISTS orphaned_entry (
    log_id BIGINT UNSIGNED NOT NULL,
    epoch INT UNSIGNED NOT NULL,
    transaction_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    log_sequence INT UNSIGNED NOT NULL,
    log_type VARCHAR(8) CHARACTER SET ascii NOT NULL,
    operation_type VARCHAR(16) CHARACTER SET ascii NOT NULL,
    table_name VARCHAR(64) NOT NULL,
    record_id VARCHAR(255) NOT NULL COLLATE utf8mb4_nopad_bin,
    old_value LONGTEXT NULL,
    new_value LONGTEXT NULL,
    source_node VARCHAR(32) CHARACTER SET ascii NOT NULL,
    `timestamp` DATETIME(6) NOT NULL,
    PRIMARY KEY (log_id, epoch)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
