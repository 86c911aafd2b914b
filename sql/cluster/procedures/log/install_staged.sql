-- Moves a transaction that arrived in parts from staged_entry into the log and stores its images: whole or not at all.
-- It may take long, so the promise is locked at its end only: consents and claims never wait for it, and one that was claimed
-- meanwhile throws the work away. Inputs: the epoch of the primary, p_boundary as open_append, the transaction, its own epoch,
-- how many entries it has. Result: one row (entries added). Errors: 45002 stale epoch, 45004 parts are missing. May be repeated.
CREATE OR REPLACE PROCEDURE install_staged(
    IN p_epoch INT UNSIGNED, IN p_boundary BOOLEAN,
    IN p_transaction_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin, IN p_written_in INT UNSIGNED, IN p_entries BIGINT UNSIGNED)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_staged, v_held, v_added BIGINT UNSIGNED;
    DECLARE v_longest BIGINT DEFAULT @@SESSION.group_concat_max_len;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        SET @federated_operation = NULL;
        SET SESSION group_concat_max_len = v_longest;
        RESIGNAL;
    END;
    START TRANSACTION;
    CALL lock_append();
    SELECT COUNT(*) INTO v_staged FROM staged_entry WHERE transaction_id = p_transaction_id AND epoch = p_written_in;
    -- Of two who bring it, the second finds that the first has installed it.
    SELECT COUNT(*) INTO v_held FROM transaction_log WHERE transaction_id = p_transaction_id AND epoch = p_written_in;
    IF v_staged <> p_entries AND v_held <> p_entries THEN
        SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${invalid}, MESSAGE_TEXT = 'parts of the transaction are missing; stage them again.';
    END IF;
    SET SESSION group_concat_max_len = 1073741824;
    INSERT INTO transaction_log (${entry})
    SELECT ${whole_staged_entry}
    FROM staged_entry WHERE transaction_id = p_transaction_id AND epoch = p_written_in
    ON DUPLICATE KEY UPDATE log_id = VALUES(log_id);
    SET v_added = ROW_COUNT();
    SET SESSION group_concat_max_len = v_longest;
    IF v_added > 0 THEN
        CALL clear_given();
        INSERT INTO given_entry (epoch, log_id)
        SELECT epoch, log_id FROM staged_entry WHERE transaction_id = p_transaction_id AND epoch = p_written_in;
        CALL store_added();
    END IF;
    DELETE FROM staged_entry WHERE transaction_id = p_transaction_id;
    DELETE FROM staged_piece WHERE transaction_id = p_transaction_id;
    CALL require_promise(p_epoch);
    IF NOT p_boundary THEN
        CALL require_promotion(p_epoch);
    END IF;
    COMMIT;
    SELECT v_added;
END
