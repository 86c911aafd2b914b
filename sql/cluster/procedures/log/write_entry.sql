-- Writes one log entry in the running transaction; called by the AFTER triggers.
-- Inputs: operation, table, record and the full images as JSON. The transaction id is the session's
-- @current_transaction_id, else see unnamed_transaction. The time is the server's own, in UTC: a session can set NOW.
-- Errors: 45004 an image that is due is missing, or the record has no id that the log can hold.
-- Invariant (c): the epoch is the lease's, which the guard has just found valid.
CREATE OR REPLACE PROCEDURE write_entry(
    IN p_operation VARCHAR(16), IN p_table VARCHAR(64), IN p_record LONGTEXT,
    IN p_old LONGTEXT, IN p_new LONGTEXT)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_transaction VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT COALESCE(@current_transaction_id, unnamed_transaction());
    DECLARE v_epoch INT UNSIGNED;
    DECLARE v_source VARCHAR(32);
    IF p_record IS NULL OR CHAR_LENGTH(p_record) > 255
       OR p_old IS NULL AND p_operation <> 'INSERT' OR p_new IS NULL AND p_operation <> 'DELETE' THEN
        CALL refuse_entry(p_operation, p_table, p_record);
    END IF;
    IF v_transaction <=> @logged_transaction_id THEN
        SET @log_sequence = COALESCE(@log_sequence, 0) + 1;
    ELSE
        SET @logged_transaction_id = v_transaction, @log_sequence = 1;
    END IF;
    SELECT epoch, source_node INTO v_epoch, v_source
    FROM lease_end JOIN write_lease ON epoch = next_not_cached_value >> 42;
    IF v_epoch IS NULL THEN  -- somebody removed the grant by hand since the guard read it
        CALL refuse_write((SELECT config_value FROM node_config WHERE config_key = 'node_mode'));
    END IF;
    IF @@insert_id <> 0 THEN
        SET @@insert_id = 0;  -- meant for the row, not for its entry: one below the watermark would never be carried
    END IF;
    -- VALUES, not SELECT: that would hold the log's auto-increment lock until the writer's statement ends.
    INSERT INTO transaction_log (${new_entry})
    VALUES (v_epoch, v_transaction, @log_sequence, 'ROW', p_operation, p_table, p_record, p_old, p_new,
            v_source, TIMESTAMP'1970-01-01 00:00:00' + INTERVAL UNIX_TIMESTAMP(SYSDATE(6)) SECOND);
END
