-- The slot of a transaction, of 64: the latch at which its writer sleeps. See release_waiters.
CREATE OR REPLACE FUNCTION latch_slot(p_transaction_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin) RETURNS TINYINT UNSIGNED
    DETERMINISTIC NO SQL
    RETURN CRC32(p_transaction_id) % 64
