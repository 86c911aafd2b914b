-- Begins the transaction of a public write procedure, which commits by itself. The id is the session's
-- @current_transaction_id, else a new one. In: what will be written, as the log names it (no operation:
-- any). Out: the id, and whether the log has that write already (a retry after a lost answer); don't write it again then.
-- Errors: 45001 not writable here, 45003 the same write is still running, 45004 an open transaction or a bad id.
CREATE OR REPLACE PROCEDURE begin_write(
    IN p_operation VARCHAR(16), IN p_table VARCHAR(64), IN p_record VARCHAR(255),
    OUT p_transaction_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin, OUT p_done BOOLEAN)
    SQL SECURITY DEFINER
BEGIN
    IF @@in_transaction THEN
        SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${invalid}, MESSAGE_TEXT =
            'This procedure commits by itself, but a transaction is open in this session. COMMIT or ROLLBACK it first.';
    END IF;
    BEGIN
        DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN CALL abandon_write(p_transaction_id); RESIGNAL; END;
        SET p_done = FALSE;
        -- An id left over from a write of ours that was killed is not the caller's.
        IF @current_transaction_id IS NULL OR BINARY @current_transaction_id <=> BINARY @generated_transaction_id THEN
            SET p_transaction_id = UUID();
            SET @current_transaction_id = p_transaction_id, @generated_transaction_id = p_transaction_id;
        ELSE
            CALL claim_transaction_id(p_operation, p_table, p_record, p_transaction_id, p_done);
        END IF;
        IF NOT p_done THEN
            CALL open_write();
        END IF;
    END;
END
