-- Asks one node for its state, whether it had failed or not; the answer goes to peer_status. May be repeated.
CREATE OR REPLACE PROCEDURE probe_node(IN p_node VARCHAR(16))
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_job BIGINT UNSIGNED;
    DECLARE v_state VARCHAR(1000);
    DECLARE v_problem TEXT;
    IF p_node = (SELECT config_value FROM node_config WHERE config_key = 'node_name') THEN
        CALL rpc_call_node(p_node, 'state', NULL, NULL, v_state, v_problem);
        CALL save_peer_status(p_node, v_state, v_problem);
    ELSE
        CALL rpc_begin(p_node, 'state', NULL, NULL, v_job);
        CALL end_probe(p_node, v_job);
    END IF;
END
