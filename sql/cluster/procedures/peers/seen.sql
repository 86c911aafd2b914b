-- One field of what probe_peers saw of a node; NULL when it did not answer.
CREATE OR REPLACE FUNCTION seen(p_node VARCHAR(16), p_field VARCHAR(32)) RETURNS VARCHAR(255)
    READS SQL DATA
    SQL SECURITY DEFINER
    RETURN (SELECT JSON_VALUE(state, CONCAT('$.', p_field)) FROM peer_status WHERE peer = p_node AND failed_at IS NULL)
