-- Lets the last primary, which answers and takes no writes, go on in a new epoch. Answers one row, the sentence.
-- Input: main or node_a, as probe_peers has just seen it.
CREATE OR REPLACE PROCEDURE resume_primary(IN p_node VARCHAR(16))
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_problem TEXT;
    DECLARE v_label VARCHAR(16) DEFAULT IF(p_node = 'main', 'Main', 'Node A');
    DECLARE v_sentence VARCHAR(255) DEFAULT CONCAT(v_label,
        IF(seen(p_node, 'lease') IS NULL, ' holds no lease', CONCAT(' is in ', seen(p_node, 'mode'), ' mode')), ' and goes on in a new epoch.');
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        GET DIAGNOSTICS CONDITION 1 v_problem = MESSAGE_TEXT;
        ROLLBACK;
        SELECT CONCAT(v_sentence, ' It did not succeed: ', v_problem) AS message;
    END;
    CALL promote_node(p_node, v_sentence, 0, FALSE);
    SELECT CONCAT(v_sentence, ' ', v_label, ' takes writes in epoch ', seen(p_node, 'led'), '.') AS message;
END
