-- Moves entries of this node's log to orphaned_entry and brings their records back to the newest image that remains, or to
-- what the first of their lost changes found, in the caller's transaction with the apply flag set (rule 5).
-- Input: the temporary table lost_id (clear_lost). Errors: as store_tables. May be repeated.
CREATE OR REPLACE PROCEDURE orphan_entries()
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_lowest BIGINT UNSIGNED;
    CREATE OR REPLACE TEMPORARY TABLE lost_entry LIKE orphaned_entry;
    INSERT INTO lost_entry
    SELECT entry.* FROM lost_id JOIN transaction_log AS entry USING (log_id, epoch);
    INSERT IGNORE INTO orphaned_entry SELECT * FROM lost_entry;
    DELETE entry FROM lost_entry JOIN transaction_log AS entry USING (log_id, epoch);
    -- What a record was before its first lost change, as an entry older than all for as long as the images are stored.
    INSERT INTO transaction_log (${entry})
    SELECT log_id, 0, transaction_id, log_sequence, log_type, IF(old_value IS NULL, 'DELETE', 'INSERT'), table_name,
           record_id, new_value, old_value, source_node, `timestamp`
    FROM (SELECT lost_entry.*, ROW_NUMBER() OVER (PARTITION BY table_name, record_id ORDER BY epoch, log_id) AS place
          FROM lost_entry WHERE log_type = 'ROW') AS first
    WHERE place = 1;
    CALL clear_given();
    INSERT INTO given_entry (epoch, log_id)
    SELECT own.epoch, own.log_id FROM lost_entry JOIN transaction_log AS own ON own.log_id = lost_entry.log_id AND own.epoch = 0;
    CALL store_given();
    DELETE own FROM lost_entry JOIN transaction_log AS own ON own.log_id = lost_entry.log_id AND own.epoch = 0;
    SELECT MIN(log_id) INTO v_lowest FROM lost_entry;
    CALL lower_watermark(v_lowest - 1);
    DROP TEMPORARY TABLE lost_entry;
END
