-- Adds entries that are missing and brings each touched record to the image of its newest entry (store_given), in the
-- caller's transaction. Inputs: the epoch of the primary, p_boundary as begin_append, the entries as a JSON array of objects with the
-- columns of transaction_log. Out: entries added. Idempotent: what is here already changes nothing.
-- Errors: 45002 stale epoch, or the epoch has not begun here. The apply flag leaves the session with it.
CREATE OR REPLACE PROCEDURE append_entries(
    IN p_epoch INT UNSIGNED, IN p_boundary BOOLEAN, IN p_entries LONGTEXT, OUT p_added INT)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_replayed INT;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN SET @federated_operation = NULL; RESIGNAL; END;
    CALL require_promise(p_epoch);
    IF NOT p_boundary THEN
        CALL require_promotion(p_epoch);
    END IF;
    CALL lock_append();
    -- The first entry of a transaction stands for it, wherever a window cuts it.
    SELECT COUNT(*) INTO v_replayed
    FROM JSON_TABLE(p_entries, '$[*]' COLUMNS (
        log_id BIGINT UNSIGNED PATH '$.log_id', epoch INT UNSIGNED PATH '$.epoch', log_type VARCHAR(8) PATH '$.log_type',
        log_sequence INT UNSIGNED PATH '$.log_sequence')) AS given
    WHERE log_type = 'ROW' AND log_sequence = 1
      AND NOT EXISTS (SELECT 1 FROM transaction_log AS held WHERE held.log_id = given.log_id AND held.epoch = given.epoch);
    INSERT INTO transaction_log (${entry})
    SELECT given.* FROM JSON_TABLE(p_entries, '$[*]' COLUMNS (
        ${entry_paths})) AS given
    ON DUPLICATE KEY UPDATE log_id = VALUES(log_id);
    SET p_added = ROW_COUNT();
    IF p_added > 0 THEN
        SELECT secret INTO @federated_operation FROM apply_secret;
        CALL clear_given();
        INSERT INTO given_entry (epoch, log_id)
        SELECT DISTINCT epoch, log_id
        FROM JSON_TABLE(p_entries, '$[*]' COLUMNS (log_id BIGINT UNSIGNED PATH '$.log_id', epoch INT UNSIGNED PATH '$.epoch')) AS given;
        CALL store_given();
        SET @federated_operation = NULL;
        UPDATE node_config SET config_value = config_value + v_replayed
        WHERE config_key = 'replayed_transactions'
          AND (SELECT config_value FROM (SELECT config_value FROM node_config WHERE config_key = 'node_mode') AS own) = 'RECOVERING';
    END IF;
END
