-- Moves the entries that the cluster did not keep to stranded_entry and brings their records back: entries of this node above
-- the floor, of an epoch below the newest that p_peer has seen begin, which p_peer does not have. One transaction (rule 5).
-- Inputs: the peer, complete below its newest epoch; the promised epoch. Out: the floor above which the logs differ.
-- Errors: 45002 stale epoch; nothing is moved then. May be repeated.
CREATE OR REPLACE PROCEDURE set_orphans_aside(IN p_peer VARCHAR(16), IN p_epoch INT UNSIGNED, OUT p_floor BIGINT UNSIGNED)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_led INT UNSIGNED DEFAULT seen(p_peer, 'led');
    DECLARE v_own_led INT UNSIGNED;
    DECLARE v_record VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
    DECLARE v_table VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
    DECLARE v_over BOOLEAN DEFAULT FALSE;
    DECLARE touched CURSOR FOR SELECT DISTINCT table_name, record_id FROM lost_entry WHERE log_type = 'ROW';
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_over = TRUE;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; SET @federated_operation = NULL; RESIGNAL; END;
    SELECT COALESCE(MAX(epoch), 0) INTO v_own_led FROM transaction_log WHERE table_name = '' AND record_id = 'PROMOTION';
    EXECUTE IMMEDIATE CONCAT('SELECT MIN(CAST(JSON_VALUE(new_value, ''$.floor'') AS UNSIGNED)) INTO @promotion_floor FROM transaction_log_',
        p_peer, ' WHERE operation_type = ''PROMOTION'' AND epoch > ', v_own_led);
    SET p_floor = LEAST(common_floor(p_peer), COALESCE(@promotion_floor, CAST(4611686018427387904 AS UNSIGNED)));
    CREATE OR REPLACE TEMPORARY TABLE kept_entry (log_id BIGINT UNSIGNED, epoch INT UNSIGNED, PRIMARY KEY (log_id, epoch)) ENGINE = InnoDB;
    EXECUTE IMMEDIATE CONCAT('INSERT INTO kept_entry SELECT log_id, epoch FROM transaction_log_', p_peer, ' WHERE log_id > ', p_floor);
    CREATE OR REPLACE TEMPORARY TABLE lost_entry LIKE stranded_entry;
    START TRANSACTION;
    CALL require_promise(p_epoch);
    INSERT INTO lost_entry
    SELECT own.* FROM transaction_log AS own LEFT JOIN kept_entry USING (log_id, epoch)
    WHERE own.log_id > p_floor AND own.epoch < v_led AND kept_entry.log_id IS NULL;
    INSERT IGNORE INTO stranded_entry SELECT * FROM lost_entry;
    DELETE own FROM transaction_log AS own JOIN lost_entry USING (log_id, epoch);
    SELECT secret INTO @federated_operation FROM apply_secret;
    OPEN touched;
    restoring: LOOP
        FETCH touched INTO v_table, v_record;
        IF v_over THEN
            LEAVE restoring;
        END IF;
        -- What the record was before its first lost change, as an entry older than all while its image is stored.
        INSERT INTO transaction_log (log_id, epoch, transaction_id, log_sequence, log_type, operation_type, table_name,
                                     record_id, old_value, new_value, source_node, `timestamp`)
        SELECT log_id, 0, transaction_id, log_sequence, log_type, operation_type, table_name, record_id, new_value, old_value,
               source_node, `timestamp`
        FROM lost_entry WHERE table_name = v_table AND record_id = v_record ORDER BY epoch, log_id LIMIT 1;
        -- One collation for both, or the server refuses to join them.
        CALL store_images(JSON_ARRAY(JSON_OBJECT(
            'table_name', CONVERT(v_table USING utf8mb4), 'record_id', CONVERT(v_record USING utf8mb4))));
        DELETE FROM transaction_log WHERE epoch = 0 AND table_name = v_table AND record_id = v_record;
    END LOOP;
    CLOSE touched;
    SET @federated_operation = NULL;
    COMMIT;
    DROP TEMPORARY TABLE kept_entry;
    DROP TEMPORARY TABLE lost_entry;
END
