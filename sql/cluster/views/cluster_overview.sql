-- All nodes from one: what this node knows of itself now, and what probe_peers saw of the others and when. May be repeated.
CREATE OR REPLACE VIEW cluster_overview AS
SELECT peer AS node, JSON_VALUE(state, '$.mode') AS mode, JSON_VALUE(state, '$.promised') AS epoch,
       JSON_VALUE(state, '$.primary') AS follows, JSON_VALUE(state, '$.last_log_id') AS last_log_id,
       IF(failed_at IS NULL, 'yes', 'no') AS reachable, seen_at, failed_at AS unreachable_since, problem
FROM peer_status ORDER BY peer
