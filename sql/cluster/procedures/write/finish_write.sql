-- Ends a public write procedure: commits, waits for the acknowledgement, answers one row (transaction_id, message).
-- Inputs: the id and p_done of begin_write, and the sentence for a write that was done just now.
-- Errors: 45003 no second node confirmed in time: committed here, outcome unknown.
CREATE OR REPLACE PROCEDURE finish_write(
    IN p_transaction_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin, IN p_done BOOLEAN, IN p_sentence VARCHAR(500))
    SQL SECURITY DEFINER
BEGIN
    COMMIT;
    CALL release_transaction_id(p_transaction_id);
    CALL await_acknowledgement(p_transaction_id, NULL);
    COMMIT;  -- with autocommit off, the wait has opened a transaction for its reads
    SELECT p_transaction_id AS transaction_id,
           IF(p_done, 'This transaction was done before; nothing was written again.', p_sentence) AS message;
END
