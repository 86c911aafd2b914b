-- Whether a node, as probe_peers saw it, has begun the newest epoch and only lacks a second node that takes its beginning: it
-- holds everything canonical (the boundary rule), so others may catch up from it before it is opened.
CREATE OR REPLACE FUNCTION has_begun(p_node VARCHAR(16)) RETURNS BOOLEAN
    READS SQL DATA
    SQL SECURITY DEFINER
    RETURN COALESCE(
        seen(p_node, 'primary') = p_node AND CAST(seen(p_node, 'led') AS INTEGER) = CAST(seen(p_node, 'promised') AS INTEGER)
        AND CAST(seen(p_node, 'promised') AS INTEGER) >= (
            SELECT MAX(CAST(seen(peer, 'promised') AS INTEGER)) FROM peer_status WHERE failed_at IS NULL), FALSE)
