-- One row once this node, since its server started, has held all that the primary held: its disk is not older than what it
-- acknowledged. In memory on purpose: a restarted node has to show it anew, since its disk may have been put back meanwhile.
-- See protocol/staleness.py. May be repeated.
CREATE TABLE IF NOT EXISTS in_sync (
    epoch INT UNSIGNED NOT NULL PRIMARY KEY
) ENGINE = MEMORY
