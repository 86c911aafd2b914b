-- Asks one node for its state, whether it had failed or not; the answer goes to peer_sight. May be repeated.
CREATE OR REPLACE PROCEDURE look_at_node(IN p_node VARCHAR(16))
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_answer LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
    DECLARE v_problem TEXT;
    DECLARE v_since DATETIME(6);
    SELECT MAX(failed_at) INTO v_since FROM peer_sight WHERE peer = p_node;
    UPDATE peer_sight SET failed_at = NULL WHERE peer = p_node;
    CALL call_node(p_node, 'state', NULL, (SELECT config_value FROM node_config WHERE config_key = 'node_name'), v_answer, v_problem);
    INSERT INTO peer_sight (peer) VALUES (p_node) ON DUPLICATE KEY UPDATE peer = p_node;
    UPDATE peer_sight SET asked_at = UTC_TIMESTAMP(6) WHERE peer = p_node;
    IF v_problem IS NULL THEN
        UPDATE peer_sight SET state = v_answer, seen_at = UTC_TIMESTAMP(6), failed_at = NULL, problem = NULL WHERE peer = p_node;
    ELSE
        UPDATE peer_sight SET failed_at = COALESCE(v_since, UTC_TIMESTAMP(6)), problem = LEFT(v_problem, 500) WHERE peer = p_node;
    END IF;
END
