-- Refuses while a prepared XA transaction holds entries here. XA PREPARE lets the mode row go, so the barrier alone does not
-- see it, but its entries stay locked, also after a restart. To be called on a node in a writing mode, in the caller's
-- transaction with the mode and the promise locked: then no writer is under way, so whatever waits is prepared. Entries at or
-- below the commit watermark are settled. Errors: 45001 with what to do. May be repeated.
CREATE OR REPLACE PROCEDURE refuse_prepared()
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_watermark, v_entries BIGINT UNSIGNED;
    DECLARE v_label VARCHAR(16);
    DECLARE v_wait INT DEFAULT @@SESSION.innodb_lock_wait_timeout;
    DECLARE EXIT HANDLER FOR 1205
    BEGIN
        SET SESSION innodb_lock_wait_timeout = v_wait;
        CALL refuse(CONCAT(
            v_label, ' holds a prepared XA transaction, which could still commit there unseen. XA RECOVER on ', v_label,
            ' names it; XA COMMIT or XA ROLLBACK it, then try again.'));
    END;
    SELECT MAX(IF(config_key = 'commit_watermark', config_value, NULL)), MAX(IF(config_key = 'node_label', config_value, NULL))
    INTO v_watermark, v_label FROM node_config WHERE config_key IN ('commit_watermark', 'node_label');
    SET SESSION innodb_lock_wait_timeout = 1;
    SELECT COUNT(*) INTO v_entries FROM transaction_log FORCE INDEX (PRIMARY) WHERE log_id > v_watermark LOCK IN SHARE MODE;
    SET SESSION innodb_lock_wait_timeout = v_wait;
END
