-- Takes the id that the caller chose for its write. A second session with the same id waits until the first has
-- committed and then finds it done, so a retry beside a write that still runs is not written twice.
-- In and out as begin_write. Errors: 45003 the first still runs, 45004 the id is malformed or of another write.
CREATE OR REPLACE PROCEDURE claim_transaction_id(
    IN p_operation VARCHAR(16), IN p_table VARCHAR(64), IN p_record VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin,
    OUT p_transaction_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin, OUT p_done BOOLEAN)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_given LONGTEXT DEFAULT @current_transaction_id;
    DECLARE v_entries, v_same INT;
    DECLARE v_sentence VARCHAR(500);
    IF NOT v_given REGEXP '^${id_pattern}\\z' THEN
        SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${invalid}, MESSAGE_TEXT =
            '@current_transaction_id must be 1 to 64 letters, digits, dots, colons, underscores or hyphens; UUID() makes one.';
    END IF;
    IF NOT GET_LOCK(CONCAT('${write_lock}', DATABASE(), '.', v_given), 10) <=> 1 THEN
        SET v_sentence = CONCAT('Transaction ', v_given,
            ' is still running in another session: the outcome is unknown. Try again with the same id.');
        SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${not_acknowledged}, MESSAGE_TEXT = v_sentence;
    END IF;
    SET p_transaction_id = v_given;
    SELECT COUNT(*), COUNT(IF(operation_type = COALESCE(p_operation, operation_type) AND table_name = p_table AND record_id = p_record, 1, NULL))
    INTO v_entries, v_same
    FROM transaction_log WHERE transaction_id = p_transaction_id AND log_type = 'ROW';
    IF v_entries > 0 AND v_same = 0 THEN
        SET v_sentence = CONCAT('Transaction ', v_given, ' is in the log already, with another write. ',
            'Choose a new @current_transaction_id for each write, or set it to NULL.');
        SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${invalid}, MESSAGE_TEXT = v_sentence;
    END IF;
    SET p_done = v_same > 0;
END
