-- Says why this node does not take writes and who does.
-- Inputs: the mode of this node. Errors: always 45001.
CREATE OR REPLACE PROCEDURE refuse_write(IN p_mode VARCHAR(255))
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_label VARCHAR(64) DEFAULT (SELECT config_value FROM node_config WHERE config_key = 'node_label');
    DECLARE v_primary VARCHAR(64) DEFAULT (
        SELECT JSON_VALUE(new_value, '$.label') FROM transaction_log
        WHERE table_name = '' AND record_id = 'PROMOTION' ORDER BY epoch DESC LIMIT 1);
    DECLARE v_sentence VARCHAR(500);
    IF p_mode IN ('PRIMARY', 'ACTING_MASTER') THEN
        SET v_sentence = CONCAT(v_label, ' is in ', p_mode, ' mode but holds no valid write lease. ',
            'Try again in a moment; an operator sees the reason with cluster_status.');
    ELSEIF v_primary IS NULL OR v_primary = v_label THEN
        SET v_sentence = CONCAT(v_label, ' is in ', p_mode, ' mode. No node takes writes now; try again in a moment.');
    ELSE
        SET v_sentence = CONCAT(v_label, ' is in ', p_mode, ' mode. Please use ', v_primary, ' node for writes.');
    END IF;
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${not_writable}, MESSAGE_TEXT = v_sentence;
END
