-- Carries one committed transaction to a second node over a federated table. For writers that no replicator
-- serves: it is slower than the replicator by six times. Input: seconds that it may take; half a second more where a second node
-- is tried at the end of them. A transaction that is too large for a call is left to the replicator: as one text it takes memory.
-- Out: whether a second node has it durably. May be repeated.
CREATE OR REPLACE PROCEDURE push_transaction(
    IN p_transaction_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin, IN p_seconds DOUBLE, OUT p_arrived BOOLEAN)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_longest BIGINT DEFAULT @@SESSION.group_concat_max_len;
    DECLARE v_entries LONGTEXT;
    DECLARE v_answer VARCHAR(1000);
    DECLARE v_epoch INT UNSIGNED;
    DECLARE v_count, v_bytes BIGINT UNSIGNED;
    DECLARE v_problem TEXT;
    DECLARE v_left DOUBLE;
    DECLARE v_began DOUBLE DEFAULT UNIX_TIMESTAMP(SYSDATE(6));
    SELECT COUNT(*), SUM(bytes) INTO v_count, v_bytes
    FROM (SELECT COALESCE(OCTET_LENGTH(old_value), 0) + COALESCE(OCTET_LENGTH(new_value), 0) AS bytes
          FROM transaction_log WHERE transaction_id = p_transaction_id LIMIT ${call_entries}) AS own;
    IF v_count < ${call_entries} AND v_bytes <= ${call_bytes} THEN
        SET SESSION group_concat_max_len = 1073741824;
        SELECT MAX(epoch), CONCAT('[', GROUP_CONCAT(entry_as_json(
                ${entry}) SEPARATOR ','), ']')
        INTO v_epoch, v_entries FROM transaction_log WHERE transaction_id = p_transaction_id;
        SET SESSION group_concat_max_len = v_longest;
    END IF;
    SET p_arrived = FALSE;
    IF v_entries IS NOT NULL THEN  -- what was orphaned is never done, and what is too large for a call is left to the replicator
        -- What arrives too late does no harm: it is in this node's log.
        CALL rpc_call_within(follower(1), 'append', v_epoch, v_entries, p_seconds * 0.75 + 0.1, v_answer, v_problem);
        SET v_left = p_seconds - (UNIX_TIMESTAMP(SYSDATE(6)) - v_began);
        IF v_problem IS NOT NULL AND v_left > 0 THEN
            CALL rpc_call_within(follower(2), 'append', v_epoch, v_entries, GREATEST(v_left, 0.5), v_answer, v_problem);
        END IF;
        SET p_arrived = v_problem IS NULL;
    END IF;
END
