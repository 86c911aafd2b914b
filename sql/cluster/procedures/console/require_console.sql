-- Refuses a procedure that belongs on another node, runs in an open transaction, whose federated tables are missing,
-- or that the application's account calls.
-- Inputs: the node it belongs on, its name. Errors: 45001 with what to do.
CREATE OR REPLACE PROCEDURE require_console(IN p_node VARCHAR(16), IN p_procedure VARCHAR(64))
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_own, v_label VARCHAR(255);
    DECLARE v_links INT;
    IF @@in_transaction THEN
        CALL refuse(CONCAT(p_procedure, '() commits by itself, but a transaction is open in this session. COMMIT or ROLLBACK it first.'));
    END IF;
    SELECT MAX(IF(config_key = 'node_name', config_value, NULL)), MAX(IF(config_key = 'node_label', config_value, NULL))
    INTO v_own, v_label FROM node_config WHERE config_key IN ('node_name', 'node_label');
    IF SUBSTRING_INDEX(USER(), '@', 1) = (SELECT config_value FROM node_config WHERE config_key = 'application_user') THEN
        CALL refuse(CONCAT('The application''s account may not call ', p_procedure,
                           '(). Sign in with the account of the cluster or an administrator.'));
    ELSEIF v_own IS NULL THEN
        CALL refuse('This node has no name: its script ran only in part. Source its sqlconsole script again.');
    ELSEIF v_own <> p_node THEN
        CALL refuse(CONCAT('This is ', v_label, '. Call ', p_procedure, '() on ', node_label(p_node), '.'));
    END IF;
    SELECT COUNT(*) INTO v_links FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME RLIKE '^(call|transaction_log)_(main|node_a|node_b)$';
    IF v_links < 4 THEN
        CALL refuse(CONCAT(v_label, ' lacks federated tables to the other nodes. CALL link_peers() while they are up; it says what is missing.'));
    END IF;
    CALL require_settings();
END
