-- The latch at which waiting writers sleep: the replicator holds the user lock named by `generation`
-- and lets it go after each batch of acknowledgements, which wakes them all.
-- May be repeated.
CREATE TABLE IF NOT EXISTS acknowledgement_latch (
    generation BIGINT UNSIGNED NOT NULL
) ENGINE = MEMORY
