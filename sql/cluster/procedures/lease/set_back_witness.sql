-- The node that remembers more rounds of another one than that one, restarted since, knows of itself, as probe_peers saw
-- both; NULL when none does. See protocol/staleness.py.
CREATE OR REPLACE FUNCTION set_back_witness(p_node VARCHAR(16)) RETURNS VARCHAR(16) CHARSET utf8mb4
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_round VARCHAR(32) DEFAULT CONCAT('round_', p_node);
    IF COALESCE(CAST(seen(p_node, 'promised') AS INTEGER), 0) <= 0 OR seen(p_node, 'in_sync') = 1 OR takes_writes(p_node) THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT peer FROM peer_status
            WHERE failed_at IS NULL AND peer <> p_node AND CAST(seen(peer, 'promised') AS INTEGER) > 0
              AND CAST(seen(peer, v_round) AS INTEGER) > CAST(seen(p_node, v_round) AS INTEGER)
            ORDER BY FIELD(peer, 'main', 'node_a', 'node_b') LIMIT 1);
END
