-- What this node saw of each node last (own_state, as JSON) and, while it does not answer, since when and why. A peer
-- that has failed is not called again before a probe has reached it again, so it costs one caller 2 seconds; asked_at is when
-- somebody probed it last without waiting for the answer (reprobe_later).
-- In memory: it is written from within transactions that are rolled back, and no lock on it outlives a statement.
-- May be repeated.
CREATE OR REPLACE TABLE peer_status (
    peer VARCHAR(16) CHARACTER SET ascii NOT NULL PRIMARY KEY,
    state VARCHAR(1000) NULL,
    seen_at DATETIME(6) NULL,
    failed_at DATETIME(6) NULL,
    problem VARCHAR(500) NULL,
    asked_at DATETIME(6) NULL
) ENGINE = MEMORY DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
