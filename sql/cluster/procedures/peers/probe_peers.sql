-- Asks every node for its state and keeps what it says in peer_status, for cluster_overview. One that had failed is asked
-- again, so that writers do not have to. All are asked at once: silent ones cost a second together. May be repeated.
CREATE OR REPLACE PROCEDURE probe_peers()
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_own VARCHAR(16) DEFAULT (SELECT config_value FROM node_config WHERE config_key = 'node_name');
    DECLARE v_first VARCHAR(16) DEFAULT IF(v_own = 'main', 'node_a', 'main');
    DECLARE v_second VARCHAR(16) DEFAULT IF(v_own = 'node_b', 'node_a', 'node_b');
    DECLARE v_first_job, v_second_job BIGINT UNSIGNED;
    CALL rpc_begin(v_first, 'state', NULL, NULL, v_first_job);
    CALL rpc_begin(v_second, 'state', NULL, NULL, v_second_job);
    CALL probe_node(v_own);
    CALL end_probe(v_first, v_first_job);
    CALL end_probe(v_second, v_second_job);
END
