-- The permit to take writes, but for its end: at most one row, the epoch that this server was given since it started.
-- In memory on purpose: a restarted node has no lease, whatever lease_end says. Written when a promotion ends, never by
-- a renewal: a statement that fires the guard holds this table until it ends, and its row locks with it. Deleting the
-- row drops the lease. May be repeated.
CREATE TABLE IF NOT EXISTS write_lease (
    epoch INT UNSIGNED NOT NULL PRIMARY KEY,
    source_node VARCHAR(32) CHARACTER SET ascii NOT NULL
) ENGINE = MEMORY
