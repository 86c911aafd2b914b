-- The log: every row change of a replicated table as one entry with full images, in the same
-- transaction as the change. An entry is identified by (epoch, log_id) on every node.
-- log_type ROW or CONTROL; operation_type INSERT, UPDATE, DELETE or PROMOTION; timestamp in UTC.
-- Images are JSON kept as LONGTEXT: the JSON type would check each again that a trigger built.
-- May be repeated.
CREATE TABLE IF NOT EXISTS transaction_log (
    log_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    ${entry_columns},
    PRIMARY KEY (log_id, epoch),
    KEY transaction_log_transaction (transaction_id),
    KEY transaction_log_record (table_name, record_id, epoch, log_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
