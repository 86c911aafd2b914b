-- Transactions that a second node holds durably, for the writers that wait to hear so: up to the entry log_id, for a
-- session that used an id before.
-- In memory: it only has to outlive the wait. Written and pruned by the replicator.
-- May be repeated.
CREATE TABLE IF NOT EXISTS acknowledgement (
    transaction_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    log_id BIGINT UNSIGNED NOT NULL,
    acknowledged_at DOUBLE NOT NULL DEFAULT (UNIX_TIMESTAMP(SYSDATE(6))),
    PRIMARY KEY (transaction_id) USING HASH,
    KEY acknowledgement_age (acknowledged_at) USING BTREE
) ENGINE = MEMORY
