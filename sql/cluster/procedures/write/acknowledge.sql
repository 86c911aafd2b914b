-- Publishes that a second node holds these transactions durably, and wakes the writers that wait for them. Called by the
-- replicator, always on the connection that holds the latches. Input: a JSON array of [transaction id, last log id].
-- May be repeated.
CREATE OR REPLACE PROCEDURE acknowledge(IN p_arrived LONGTEXT)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_slots TEXT;
    INSERT INTO acknowledgement (transaction_id, log_id)
    SELECT transaction_id, log_id FROM JSON_TABLE(p_arrived, '$[*]' COLUMNS (
        transaction_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$[0]', log_id BIGINT UNSIGNED PATH '$[1]')) AS arrived
    ON DUPLICATE KEY UPDATE log_id = GREATEST(acknowledgement.log_id, VALUES(log_id));
    SELECT GROUP_CONCAT(DISTINCT latch_slot(transaction_id)) INTO v_slots FROM JSON_TABLE(p_arrived, '$[*]' COLUMNS (
        transaction_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$[0]')) AS arrived;
    CALL release_waiters(v_slots);
END
