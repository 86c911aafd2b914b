-- Asks every node for its state and keeps what it says in peer_sight, for cluster_overview. One that had failed is asked
-- again, which costs 2 seconds where it is silent, so that writers do not have to. May be repeated.
CREATE OR REPLACE PROCEDURE look_at_peers()
    SQL SECURITY DEFINER
BEGIN
    CALL look_at_node('main');
    CALL look_at_node('node_a');
    CALL look_at_node('node_b');
END
