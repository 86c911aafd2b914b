-- Adds entries that are missing and brings each touched record to the image of its newest entry (store_added), in the
-- caller's transaction. Inputs: the epoch of the primary, p_boundary as open_append, the entries as a JSON array of objects with the
-- columns of transaction_log. Out: entries added. Idempotent: what is here already changes nothing.
-- Errors: 45002 stale epoch, or the epoch has not begun here. The apply flag leaves the session with it.
CREATE OR REPLACE PROCEDURE append_entries(
    IN p_epoch INT UNSIGNED, IN p_boundary BOOLEAN, IN p_entries LONGTEXT, OUT p_added INT)
    SQL SECURITY DEFINER
BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN SET @federated_operation = NULL; RESIGNAL; END;
    CALL open_append(p_epoch, p_boundary);
    CALL clear_given();
    INSERT INTO given_entry (epoch, log_id)
    SELECT DISTINCT given.epoch, given.log_id
    FROM JSON_TABLE(p_entries, '$[*]' COLUMNS (log_id BIGINT UNSIGNED PATH '$.log_id', epoch INT UNSIGNED PATH '$.epoch')) AS given
    LEFT JOIN transaction_log AS held ON held.log_id = given.log_id AND held.epoch = given.epoch
    WHERE held.log_id IS NULL;
    SET p_added = ROW_COUNT();
    IF p_added > 0 THEN
        INSERT INTO transaction_log (${entry})
        SELECT given.* FROM given_entry JOIN JSON_TABLE(p_entries, '$[*]' COLUMNS (
            ${entry_paths})) AS given USING (log_id, epoch)
        ON DUPLICATE KEY UPDATE log_id = VALUES(log_id);
        CALL store_added();
    END IF;
END
