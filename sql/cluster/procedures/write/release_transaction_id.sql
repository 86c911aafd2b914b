-- Forgets the session's transaction id if begin_write made it. The caller's own stays, for a retry, and is free for
-- the next session that claims it. Inputs: the id of begin_write, or NULL. May be repeated.
CREATE OR REPLACE PROCEDURE release_transaction_id(IN p_transaction_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin)
    SQL SECURITY DEFINER
BEGIN
    IF BINARY @generated_transaction_id = p_transaction_id THEN
        SET @current_transaction_id = NULL, @generated_transaction_id = NULL;
    ELSEIF p_transaction_id IS NOT NULL THEN
        DO RELEASE_LOCK(CONCAT('${write_lock}', DATABASE(), '.', p_transaction_id));
    END IF;
END
