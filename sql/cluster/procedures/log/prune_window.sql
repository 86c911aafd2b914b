-- Moves to archived_entry what is superseded at or below p_upto: every row entry with a newer one of its record at or
-- below p_upto. The newest of a record stays, and so do control entries. For one p_upto the same entries go on every
-- node, in however many windows. Result: one row (entries archived).
-- Inputs: p_upto, above the last window's end. Errors: 45004 above the commit watermark. May be repeated.
CREATE OR REPLACE PROCEDURE prune_window(IN p_upto BIGINT UNSIGNED)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_pruned, v_watermark BIGINT UNSIGNED;
    DECLARE v_archived INT UNSIGNED;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
    START TRANSACTION;
    INSERT IGNORE INTO node_config (config_key, config_value) VALUES ('pruned_log_id', 0), ('pruned_entries', 0);
    SELECT config_value INTO v_pruned FROM node_config WHERE config_key = 'pruned_log_id' FOR UPDATE;
    SELECT config_value INTO v_watermark FROM node_config WHERE config_key = 'commit_watermark';
    IF p_upto > v_watermark THEN
        SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${invalid}, MESSAGE_TEXT =
            'only entries at or below the commit watermark may be archived: above it a node may still lack them.';
    END IF;
    CREATE OR REPLACE TEMPORARY TABLE superseded (PRIMARY KEY (log_id, epoch))
    SELECT older.log_id, older.epoch
    FROM (SELECT table_name, record_id, MAX(log_id) AS newest FROM transaction_log
          WHERE log_id > v_pruned AND log_id <= p_upto AND log_type = 'ROW' GROUP BY table_name, record_id) AS touched
    JOIN transaction_log AS older FORCE INDEX (transaction_log_record)
      ON older.table_name = touched.table_name AND older.record_id = touched.record_id AND older.log_id < touched.newest
    WHERE older.log_type = 'ROW';
    INSERT IGNORE INTO archived_entry SELECT entry.* FROM superseded JOIN transaction_log AS entry USING (log_id, epoch);
    DELETE entry FROM superseded JOIN transaction_log AS entry USING (log_id, epoch);
    SET v_archived = ROW_COUNT();
    UPDATE node_config SET config_value = GREATEST(v_pruned, p_upto) WHERE config_key = 'pruned_log_id';
    UPDATE node_config SET config_value = config_value + v_archived WHERE config_key = 'pruned_entries';
    COMMIT;
    DROP TEMPORARY TABLE superseded;
    SELECT v_archived;
END
