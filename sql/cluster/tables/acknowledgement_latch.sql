-- The latches at which waiting writers sleep, each at that of its transaction's slot: the replicator holds the user lock
-- named by slot and `generation` and lets it go after a batch that has a transaction of the slot. previous: the generation
-- before, which release_waiters lets go. In memory: whoever holds the locks does not outlive the server. May be repeated.
CREATE OR REPLACE TABLE acknowledgement_latch (
    slot TINYINT UNSIGNED NOT NULL,
    generation BIGINT UNSIGNED NOT NULL,
    previous BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (slot) USING HASH
) ENGINE = MEMORY
