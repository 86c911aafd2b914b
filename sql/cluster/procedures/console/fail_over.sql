-- Promotes Node A because nobody takes writes. Answers one row: the sentence given, and what became of it.
CREATE OR REPLACE PROCEDURE fail_over(IN p_sentence VARCHAR(500))
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_problem TEXT;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        GET DIAGNOSTICS CONDITION 1 v_problem = MESSAGE_TEXT;
        ROLLBACK;
        SELECT CONCAT(p_sentence, ' It did not succeed: ', v_problem) AS message;
    END;
    CALL promote_node('node_a', p_sentence, 0, TRUE);
    SELECT CONCAT(p_sentence, ' ${promoted}') AS message;
END
