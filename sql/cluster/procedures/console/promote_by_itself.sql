-- Promotes a node because check_main_health found that nobody takes writes. Answers one row: why, and what became of it.
-- Inputs: main or node_a, the sentence that says why, the one that says that it is done, whether the cool-down begins.
CREATE OR REPLACE PROCEDURE promote_by_itself(IN p_node VARCHAR(16), IN p_why VARCHAR(500), IN p_done VARCHAR(255), IN p_automatic BOOLEAN)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_problem TEXT;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        GET DIAGNOSTICS CONDITION 1 v_problem = MESSAGE_TEXT;
        ROLLBACK;
        SELECT CONCAT(p_why, ' It did not succeed: ', v_problem) AS message;
    END;
    CALL promote_node(p_node, p_why, 0, p_automatic);
    SELECT CONCAT(p_why, ' ', COALESCE(p_done, CONCAT(node_label(p_node), ' takes writes in epoch ', seen(p_node, 'led'), '.'))) AS message;
END
