-- Brings another node what this node's log has above the common watermark, by log id, in calls of about 4 MiB that cut
-- no transaction: a larger one goes alone, and one that would take a call longer than any may is left for the other node to fetch.
-- Inputs as pull_entries. Out: why not, NULL when it has all of it. May be repeated.
CREATE OR REPLACE PROCEDURE push_entries(IN p_peer VARCHAR(16), IN p_epoch INT UNSIGNED, IN p_watermark BIGINT UNSIGNED, OUT p_problem TEXT)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_longest BIGINT DEFAULT @@SESSION.group_concat_max_len;
    DECLARE v_cursor BIGINT UNSIGNED DEFAULT p_watermark;
    DECLARE v_upto, v_ends, v_bytes, v_count BIGINT UNSIGNED;
    DECLARE v_last BIGINT UNSIGNED DEFAULT (SELECT COALESCE(MAX(log_id), 0) FROM transaction_log);
    DECLARE v_entries LONGTEXT;
    DECLARE v_answer VARCHAR(1000);
    SET SESSION group_concat_max_len = 1073741824;
    SET p_problem = NULL;
    WHILE v_cursor < v_last AND p_problem IS NULL DO
        SELECT MAX(log_id) INTO v_ends FROM (
            SELECT log_id, SUM(bytes) OVER (ORDER BY log_id) AS bytes, ROW_NUMBER() OVER (ORDER BY log_id) AS number
            FROM (SELECT log_id, COALESCE(OCTET_LENGTH(old_value), 0) + COALESCE(OCTET_LENGTH(new_value), 0) AS bytes
                  FROM transaction_log WHERE log_id > v_cursor ORDER BY log_id LIMIT 500) AS ahead) AS counted
        WHERE bytes <= 4194304 OR number = 1;
        SET v_upto = 0;
        WHILE v_upto < v_ends DO  -- to where the last transaction of the window ends, and those that it takes in
            SET v_upto = v_ends;
            SELECT MAX(log_id) INTO v_ends FROM transaction_log
            WHERE transaction_id IN (SELECT transaction_id FROM transaction_log AS part
                                     WHERE log_id > v_cursor AND log_id <= v_upto AND log_type = 'ROW');
        END WHILE;
        SELECT COUNT(*), SUM(COALESCE(OCTET_LENGTH(old_value), 0) + COALESCE(OCTET_LENGTH(new_value), 0)) INTO v_count, v_bytes
        FROM transaction_log WHERE log_id > v_cursor AND log_id <= v_upto;
        SET v_entries = NULL;
        IF v_bytes <= ${call_bytes} AND v_count <= ${call_entries} THEN
            SELECT CONCAT('[', GROUP_CONCAT(entry_as_json(
                ${entry}) SEPARATOR ','), ']')
            INTO v_entries FROM transaction_log WHERE log_id > v_cursor AND log_id <= v_upto;
        END IF;
        IF v_entries IS NULL THEN
            SET p_problem = CONCAT('the transaction that ends at log id ', v_upto, ' is too large for a call: ', IF(p_peer = 'main',
                'CALL recover_from_node_a() on Main', CONCAT('CALL catch_up() on ', IF(p_peer = 'node_a', 'Node A', 'Node B'))), ' first');
        ELSE
            CALL rpc_call(p_peer, 'reconcile', p_epoch, v_entries, v_answer, p_problem);
        END IF;
        SET v_cursor = v_upto;
    END WHILE;
    SET SESSION group_concat_max_len = v_longest;
END
