-- Brings the beginning of an epoch, and what else it lacks, to another claimed node that has no entries which nobody kept.
-- Inputs: the node, the epoch. Out: why not, as a sentence goes on after the node's name; NULL when it has it. May be repeated.
CREATE OR REPLACE PROCEDURE confirm_epoch(IN p_peer VARCHAR(16), IN p_epoch INT UNSIGNED, OUT p_problem TEXT)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_watermark BIGINT UNSIGNED DEFAULT common_watermark(p_peer);
    DECLARE v_answer VARCHAR(1000) CHARACTER SET utf8mb4;
    CALL reach_peer(p_peer, CONCAT('CALL compare_logs(''', p_peer, ''', ', v_watermark, ')'), v_answer);
    IF JSON_VALUE(v_answer, '$.extra') = 0 THEN
        CALL push_entries(p_peer, p_epoch, JSON_VALUE(v_answer, '$.missing') - 1, p_problem);
        SET p_problem = CONCAT(': ', p_problem, '.');
    ELSE
        SET p_problem = CONCAT(' has ', JSON_VALUE(v_answer, '$.extra'), ' entries that nobody kept.');
    END IF;
END
