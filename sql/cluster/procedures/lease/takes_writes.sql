-- Whether a node, as probe_peers saw it, is the primary of the newest epoch: its lease runs, or its writers may get one.
CREATE OR REPLACE FUNCTION takes_writes(p_node VARCHAR(16)) RETURNS BOOLEAN
    READS SQL DATA
    SQL SECURITY DEFINER
    RETURN COALESCE(
        seen(p_node, 'mode') = IF(p_node = 'main', 'PRIMARY', 'ACTING_MASTER') AND seen(p_node, 'primary') = p_node
        AND seen(p_node, 'restarted') = '0' AND CAST(seen(p_node, 'promised') AS INTEGER) >= (
            SELECT MAX(CAST(seen(peer, 'promised') AS INTEGER)) FROM peer_status WHERE failed_at IS NULL), FALSE)
