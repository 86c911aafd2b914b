-- Entries of transactions that are too large for one append, while their parts arrive: nobody reads them before install_staged
-- moves a whole transaction into the log. Same columns and identity as transaction_log. May be repeated.
CREATE TABLE IF NOT EXISTS staged_entry (
    log_id BIGINT UNSIGNED NOT NULL,
    ${entry_columns},
    PRIMARY KEY (log_id, epoch),
    KEY staged_entry_transaction (transaction_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
