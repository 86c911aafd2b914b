-- Records whose newest entry this node holds in its log and could not store in the table: they are isolated, everything else
-- goes on. The node is not promoted while there are any. Each row says which entry failed, why, and when it was tried last.
-- May be repeated.
CREATE TABLE IF NOT EXISTS quarantined_entry (
    table_name VARCHAR(64) NOT NULL,
    record_id VARCHAR(255) NOT NULL COLLATE utf8mb4_nopad_bin,
    epoch INT UNSIGNED NOT NULL,
    log_id BIGINT UNSIGNED NOT NULL,
    reason VARCHAR(500) NOT NULL,
    tried_at DATETIME(6) NOT NULL,
    PRIMARY KEY (table_name, record_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
