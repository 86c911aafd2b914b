-- Asks one node for its state, whether it had failed or not; the answer goes to peer_sight. May be repeated.
CREATE OR REPLACE PROCEDURE look_at_node(IN p_node VARCHAR(16))
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_job BIGINT UNSIGNED;
    DECLARE v_state VARCHAR(1000);
    DECLARE v_problem TEXT;
    IF p_node = (SELECT config_value FROM node_config WHERE config_key = 'node_name') THEN
        CALL call_node(p_node, 'state', NULL, NULL, v_state, v_problem);
        CALL keep_sight(p_node, v_state, v_problem);
    ELSE
        CALL begin_call(p_node, 'state', NULL, NULL, v_job);
        CALL end_look(p_node, v_job);
    END IF;
END
