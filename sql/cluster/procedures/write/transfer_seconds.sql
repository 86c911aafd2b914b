-- Seconds that a writer goes on waiting after its deadline because a replicator is reading its transaction, or carrying it or what
-- stands before it. Inputs: the transaction, its last log id, since when it waits, seconds of silence. 0 or less: nobody
-- carries it, or it took longer than any of its size may take.
CREATE OR REPLACE FUNCTION transfer_seconds(
    p_transaction_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin, p_log_id BIGINT UNSIGNED, p_began DOUBLE, p_silence DOUBLE)
    RETURNS DOUBLE
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_expected DOUBLE;
    DECLARE v_ahead, v_own BIGINT;
    SELECT COUNT(*) INTO v_own FROM transaction_log WHERE transaction_id = p_transaction_id;
    SELECT MAX(expected_at), MAX(entries) INTO v_expected, v_ahead FROM transfer WHERE first_log_id <= p_log_id;
    -- Reading an entry takes a tenth of a millisecond at most, carrying it a half.
    RETURN GREATEST(p_began + v_own * 0.0001, LEAST(COALESCE(v_expected, 0), p_began + (v_own + COALESCE(v_ahead, 0)) * 0.002))
        + p_silence - UNIX_TIMESTAMP(SYSDATE(6));
END
