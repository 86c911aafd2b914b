-- Brings the records that the entries of given_entry changed to the images of their newest entries in this node's log, in the
-- caller's transaction with the apply flag set. What cannot be stored is quarantined; what was quarantined in the same tables
-- is tried again, since what stood in its way may be gone.
-- Input: the temporary table given_entry (epoch, log_id). Errors: as store_tables. May be repeated.
CREATE OR REPLACE PROCEDURE store_given()
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_known TEXT DEFAULT replicated_tables();
    DECLARE v_tables TEXT;
    DECLARE v_unknown INT;
    -- What a writer's session could store, this one must not refuse.
    DECLARE v_zone VARCHAR(64) DEFAULT @@SESSION.time_zone;
    DECLARE v_keys, v_checks, v_unique BOOLEAN;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        SET SESSION time_zone = v_zone, foreign_key_checks = v_keys, check_constraint_checks = v_checks, unique_checks = v_unique;
        RESIGNAL;
    END;
    SET v_keys = @@SESSION.foreign_key_checks, v_checks = @@SESSION.check_constraint_checks, v_unique = @@SESSION.unique_checks;
    SET SESSION time_zone = '+00:00', foreign_key_checks = 0, check_constraint_checks = 0, unique_checks = 1;
    SELECT GROUP_CONCAT(DISTINCT table_name), SUM(NOT FIND_IN_SET(table_name, v_known)) INTO v_tables, v_unknown
    FROM given_entry JOIN transaction_log USING (log_id, epoch) WHERE log_type = 'ROW';
    IF EXISTS (SELECT 1 FROM quarantined_entry) THEN
        INSERT IGNORE INTO given_entry (epoch, log_id)
        SELECT epoch, log_id FROM quarantined_entry
        WHERE tried_at < UTC_TIMESTAMP(6) - INTERVAL 1 SECOND AND FIND_IN_SET(table_name, v_tables) ORDER BY tried_at LIMIT 20;
        DELETE held FROM given_entry JOIN transaction_log USING (log_id, epoch)
        JOIN quarantined_entry AS held USING (table_name, record_id);
    END IF;
    CALL store_tables(v_tables);
    IF v_unknown > 0 THEN
        INSERT INTO quarantined_entry (table_name, record_id, epoch, log_id, reason, tried_at)
        SELECT table_name, record_id, MAX(epoch), MAX(log_id), 'this node has no such replicated table: set it up again', UTC_TIMESTAMP(6)
        FROM given_entry JOIN transaction_log USING (log_id, epoch)
        WHERE log_type = 'ROW' AND NOT FIND_IN_SET(table_name, v_known) GROUP BY table_name, record_id
        ON DUPLICATE KEY UPDATE epoch = VALUES(epoch), log_id = VALUES(log_id), tried_at = VALUES(tried_at);
    END IF;
    SET SESSION time_zone = v_zone, foreign_key_checks = v_keys, check_constraint_checks = v_checks, unique_checks = v_unique;
END
