-- The permit to take writes: no row, or one. In memory on purpose: a restarted node has none.
-- expires_at: seconds since 1970 on this server's own clock. May be repeated.
CREATE TABLE IF NOT EXISTS write_lease (
    epoch INT UNSIGNED NOT NULL,
    expires_at DOUBLE NOT NULL,
    source_node VARCHAR(32) CHARACTER SET ascii NOT NULL
) ENGINE = MEMORY
