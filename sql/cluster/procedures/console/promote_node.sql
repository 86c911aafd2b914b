-- Makes a node the primary of a new epoch: the protocol of cluster/actions/failover/promote.py, a step a procedure; probe_peers
-- has just seen the nodes. Any step may fail: then nobody is worse off, and the next attempt claims a higher epoch. Two
-- coordinators may run: at most one wins. Inputs: main or node_a, the reason, seconds that consents may take to run out, whether
-- nobody asked for it: then the cool-down begins. Errors: 45001 with what to do.
CREATE OR REPLACE PROCEDURE promote_node(IN p_candidate VARCHAR(16), IN p_reason VARCHAR(255), IN p_patience DOUBLE, IN p_automatic BOOLEAN)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_own VARCHAR(16) DEFAULT (SELECT config_value FROM node_config WHERE config_key = 'node_name');
    DECLARE v_epoch INT UNSIGNED;
    DECLARE v_answer VARCHAR(1000) CHARACTER SET utf8mb4;
    DECLARE v_missing, v_problem TEXT;
    CALL require_candidate(p_candidate);
    CALL claim_majority(p_candidate, p_patience, v_epoch, v_missing);
    CALL gather_acknowledged(p_candidate, v_epoch);
    CALL begin_epoch(p_candidate, v_epoch, p_reason, p_automatic, v_missing);
    CALL rpc_call_node(p_candidate, 'open', v_epoch, IF(p_candidate = 'main', 'PRIMARY', 'ACTING_MASTER'), v_answer, v_problem);
    CALL refuse_for(CONCAT(node_label(p_candidate), ' was not opened: '), CONCAT(v_problem, '. Try again.'));
    DROP TEMPORARY TABLE claimed_node;
    IF p_candidate = v_own THEN
        CALL keep_lease();
    END IF;
    CALL probe_node(p_candidate);
    CALL probe_node(v_own);
END
