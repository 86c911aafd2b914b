-- Keeps in peer_status what a node reports of itself, or since when and why it does not. May be repeated.
CREATE OR REPLACE PROCEDURE save_peer_status(IN p_node VARCHAR(16), IN p_state VARCHAR(1000), IN p_problem TEXT)
    SQL SECURITY DEFINER
    IF p_problem IS NULL THEN
        REPLACE INTO peer_status (peer, state, seen_at) VALUES (p_node, p_state, UTC_TIMESTAMP(6));
    ELSE
        INSERT INTO peer_status (peer, failed_at, problem) VALUES (p_node, UTC_TIMESTAMP(6), LEFT(p_problem, 500))
        ON DUPLICATE KEY UPDATE failed_at = COALESCE(failed_at, UTC_TIMESTAMP(6)), problem = LEFT(p_problem, 500);
    END IF
