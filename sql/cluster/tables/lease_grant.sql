-- The epochs in which this server was given the writes since it started. In memory on purpose: a restarted node has
-- no lease, whatever lease_end says. Written when a promotion ends, never by a renewal. May be repeated.
CREATE TABLE IF NOT EXISTS lease_grant (
    epoch INT UNSIGNED NOT NULL PRIMARY KEY,
    source_node VARCHAR(32) CHARACTER SET ascii NOT NULL
) ENGINE = MEMORY
