-- Asks every node for its state and keeps what it says in peer_sight, for cluster_overview. One that had failed is asked
-- again, so that writers do not have to. A silent node costs 2 seconds, so after one the rest wait for the next call;
-- those that answered last time come first, then who was asked longest ago. Leaves the number of nodes that still wait in @nodes_to_ask. May be repeated.
CREATE OR REPLACE PROCEDURE look_at_peers()
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_began DOUBLE DEFAULT UNIX_TIMESTAMP(SYSDATE(6));
    SET @nodes_to_ask = 0;
    FOR node IN (SELECT nodes.peer AS peer, sight.failed_at IS NOT NULL AS had_failed
                 FROM (SELECT 'node_a' AS peer UNION ALL SELECT 'main' UNION ALL SELECT 'node_b') AS nodes
                 LEFT JOIN peer_sight AS sight ON sight.peer = nodes.peer
                 ORDER BY had_failed, sight.asked_at) DO
        IF UNIX_TIMESTAMP(SYSDATE(6)) - v_began < 1 THEN
            CALL look_at_node(node.peer);
        ELSEIF NOT node.had_failed THEN
            SET @nodes_to_ask = @nodes_to_ask + 1;
        END IF;
    END FOR;
END
