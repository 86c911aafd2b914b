-- Orphans the entries that the cluster did not keep: those of this node above the watermark, of an epoch below the newest that
-- p_peer has seen begin, which p_peer does not have. One transaction (rule 5).
-- Inputs: the peer, complete below its newest epoch; the promised epoch. Out: the watermark above which the logs differ.
-- Errors: 45002 stale epoch; nothing is moved then. May be repeated.
CREATE OR REPLACE PROCEDURE orphan_lost_entries(IN p_peer VARCHAR(16), IN p_epoch INT UNSIGNED, OUT p_watermark BIGINT UNSIGNED)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_led INT UNSIGNED DEFAULT seen(p_peer, 'led');
    DECLARE v_own_led INT UNSIGNED;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; SET @federated_operation = NULL; RESIGNAL; END;
    SELECT COALESCE(MAX(epoch), 0) INTO v_own_led FROM transaction_log WHERE table_name = '' AND record_id = 'PROMOTION';
    EXECUTE IMMEDIATE CONCAT('SELECT MIN(CAST(JSON_VALUE(new_value, ''$.watermark'') AS UNSIGNED)) INTO @promotion_watermark FROM transaction_log_',
        p_peer, ' WHERE operation_type = ''PROMOTION'' AND epoch > ', v_own_led);
    SET p_watermark = LEAST(common_watermark(p_peer), COALESCE(@promotion_watermark, CAST(4611686018427387904 AS UNSIGNED)));
    CREATE OR REPLACE TEMPORARY TABLE kept_entry (log_id BIGINT UNSIGNED, epoch INT UNSIGNED, PRIMARY KEY (log_id, epoch)) ENGINE = InnoDB;
    EXECUTE IMMEDIATE CONCAT('INSERT INTO kept_entry SELECT log_id, epoch FROM transaction_log_', p_peer, ' WHERE log_id > ', p_watermark);
    START TRANSACTION;
    CALL open_append(p_epoch, TRUE);
    CALL clear_lost();
    INSERT INTO lost_id (log_id, epoch)
    SELECT own.log_id, own.epoch FROM transaction_log AS own LEFT JOIN kept_entry USING (log_id, epoch)
    WHERE own.log_id > p_watermark AND own.epoch < v_led AND kept_entry.log_id IS NULL;
    SELECT secret INTO @federated_operation FROM apply_secret;
    CALL orphan_entries();
    SET @federated_operation = NULL;
    COMMIT;
    DROP TEMPORARY TABLE kept_entry;
END
