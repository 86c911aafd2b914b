-- Tries again to store what is quarantined on this node, once its cause is mended. Result: one row (released, held still).
-- Errors: as store_tables. May be repeated.
CREATE OR REPLACE PROCEDURE retry_quarantined()
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_before, v_after INT;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN SET @federated_operation = NULL; ROLLBACK; RESIGNAL; END;
    START TRANSACTION;
    CALL lock_append();
    SELECT COUNT(*) INTO v_before FROM quarantined_entry;
    CALL clear_given();
    INSERT INTO given_entry (epoch, log_id)
    SELECT epoch, log_id FROM quarantined_entry;
    SELECT secret INTO @federated_operation FROM apply_secret;
    CALL store_given();
    SET @federated_operation = NULL;
    SELECT COUNT(*) INTO v_after FROM quarantined_entry;
    COMMIT;
    SELECT v_before - v_after AS released, v_after AS held;
END
