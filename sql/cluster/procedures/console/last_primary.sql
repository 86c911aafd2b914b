-- The node that the newest promotion made the primary, as probe_peers saw the nodes; NULL when nobody knows of one.
CREATE OR REPLACE FUNCTION last_primary() RETURNS VARCHAR(16) CHARSET utf8mb4
    READS SQL DATA
    SQL SECURITY DEFINER
    RETURN (SELECT NULLIF(seen(peer, 'primary'), '') FROM peer_status WHERE failed_at IS NULL
            ORDER BY CAST(seen(peer, 'led') AS INTEGER) DESC LIMIT 1)
