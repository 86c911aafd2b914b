-- Fetches what another node's log has above the common floor and this one lacks, under the authority of p_epoch, by
-- log id: so PROMOTION entries come at their boundary. Each window commits; cut off, it goes on where it stopped. The work
-- of a job: each window is a sign of life.
-- Inputs: the node, the promised epoch, the floor. Errors: 45002 stale epoch. May be repeated.
CREATE OR REPLACE PROCEDURE pull_entries(IN p_peer VARCHAR(16), IN p_epoch INT UNSIGNED, IN p_floor BIGINT UNSIGNED)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_longest BIGINT DEFAULT @@SESSION.group_concat_max_len;
    DECLARE v_cursor BIGINT UNSIGNED DEFAULT p_floor;
    DECLARE v_added INT;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; SET SESSION group_concat_max_len = v_longest; RESIGNAL; END;
    SET SESSION group_concat_max_len = 67108864;
    EXECUTE IMMEDIATE CONCAT('SELECT COALESCE(MAX(log_id), 0) INTO @pulled_upto FROM transaction_log_', p_peer, ' WHERE log_id > ', p_floor);
    WHILE v_cursor < @pulled_upto DO
        SET @pulled = NULL;
        EXECUTE IMMEDIATE CONCAT(
            'SELECT CONCAT(''['', GROUP_CONCAT(entry_as_json(log_id, epoch, transaction_id, log_sequence, log_type, operation_type,',
            ' table_name, record_id, old_value, new_value, source_node, `timestamp`) SEPARATOR '',''), '']'')',
            ' INTO @pulled FROM transaction_log_', p_peer,
            ' WHERE log_id > ', v_cursor, ' AND log_id <= ', v_cursor + 500);
        IF @pulled IS NOT NULL THEN
            START TRANSACTION;
            CALL append_entries(p_epoch, TRUE, @pulled, v_added);
            COMMIT;
        END IF;
        UPDATE peer_job SET alive_at = UTC_TIMESTAMP(6) WHERE job_id = @job_id;
        SET v_cursor = v_cursor + 500;
    END WHILE;
    SET SESSION group_concat_max_len = v_longest;
END
