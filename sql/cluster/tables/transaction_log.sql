-- The log: every row change of a replicated table as one entry with full images, in the same
-- transaction as the change. An entry is identified by (epoch, log_id) on every node.
-- log_type ROW or CONTROL; operation_type INSERT, UPDATE, DELETE or PROMOTION; timestamp in UTC.
-- Images are JSON kept as LONGTEXT: the JSON type would check each again that a trigger built.
-- May be repeated.
CREATE TABLE IF NOT EXISTS transaction_log (
    log_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
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
    PRIMARY KEY (log_id, epoch),
    KEY transaction_log_transaction (transaction_id),
    KEY transaction_log_record (table_name, record_id, epoch, log_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
