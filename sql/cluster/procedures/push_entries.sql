-- Brings another node what this node's log has above the common floor, by log id; pull_entries the other way round.
-- Inputs as pull_entries. Out: why not, NULL when it has all of it. May be repeated.
CREATE OR REPLACE PROCEDURE push_entries(IN p_peer VARCHAR(16), IN p_epoch INT UNSIGNED, IN p_floor BIGINT UNSIGNED, OUT p_problem TEXT)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_longest BIGINT DEFAULT @@SESSION.group_concat_max_len;
    DECLARE v_cursor BIGINT UNSIGNED DEFAULT p_floor;
    DECLARE v_last BIGINT UNSIGNED DEFAULT (SELECT COALESCE(MAX(log_id), 0) FROM transaction_log);
    DECLARE v_entries LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
    DECLARE v_answer VARCHAR(1000) CHARACTER SET utf8mb4;
    SET SESSION group_concat_max_len = 67108864;
    SET p_problem = NULL;
    WHILE v_cursor < v_last AND p_problem IS NULL DO
        SELECT CONCAT('[', GROUP_CONCAT(entry_as_json(
            log_id, epoch, transaction_id, log_sequence, log_type, operation_type, table_name, record_id, old_value, new_value,
            source_node, `timestamp`) SEPARATOR ','), ']')
    INTO v_entries FROM transaction_log WHERE log_id > v_cursor AND log_id <= v_cursor + 500;
        IF v_entries IS NOT NULL THEN
            CALL call_peer(p_peer, 'reconcile', p_epoch, v_entries, v_answer, p_problem);
        END IF;
        SET v_cursor = v_cursor + 500;
    END WHILE;
    SET SESSION group_concat_max_len = v_longest;
END
