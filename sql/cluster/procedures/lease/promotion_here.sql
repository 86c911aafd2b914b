-- PROMOTION(p_epoch) in the caller's transaction; see write_promotion. Errors: 45002 another epoch was promised.
CREATE OR REPLACE PROCEDURE promotion_here(IN p_epoch INT UNSIGNED, IN p_facts LONGTEXT, IN p_source VARCHAR(32))
    SQL SECURITY DEFINER
BEGIN
    CALL require_promise(p_epoch);
    CALL lock_append();
    INSERT INTO transaction_log (${new_entry})
    SELECT p_epoch, CONCAT('promotion-', p_epoch), 1, 'CONTROL', 'PROMOTION', '', 'PROMOTION', NULL, p_facts,
           p_source, UTC_TIMESTAMP(6)
    FROM DUAL
    WHERE NOT EXISTS (SELECT 1 FROM transaction_log
                      WHERE table_name = '' AND record_id = 'PROMOTION' AND epoch = p_epoch);
END
