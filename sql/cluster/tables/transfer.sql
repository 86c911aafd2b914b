-- What the replicator is carrying to each node: entries from first_log_id on, and until when it will have got on with them,
-- unless it says so anew. Whoever waits for one of them, or behind them, waits until then (await_acknowledgement).
-- Written only for what takes long. In memory: it only has to outlive the wait.
-- May be repeated.
CREATE TABLE IF NOT EXISTS transfer (
    target VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    first_log_id BIGINT UNSIGNED NOT NULL,
    entries INT UNSIGNED NOT NULL,
    expected_at DOUBLE NOT NULL,
    PRIMARY KEY (target) USING HASH
) ENGINE = MEMORY
