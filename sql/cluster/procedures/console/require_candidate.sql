-- Refuses a promotion that cannot succeed, as probe_peers has just seen the nodes: the candidate has no vote or is unfit, or
-- no majority has one. Input: main or node_a. Errors: 45001 with what to do. Changes nothing.
CREATE OR REPLACE PROCEDURE require_candidate(IN p_candidate VARCHAR(16))
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_refused VARCHAR(100) DEFAULT CONCAT(node_label(p_candidate), ' cannot be promoted: ');
    DECLARE v_voters, v_older INT;
    DECLARE v_reason TEXT;
    SELECT why_set_back(p_candidate) INTO v_reason;
    CALL refuse_for(v_refused, v_reason);
    SELECT COALESCE(SUM(why_set_back(peer) IS NULL), 0) INTO v_voters
    FROM peer_status WHERE failed_at IS NULL AND CAST(seen(peer, 'promised') AS INTEGER) > 0;
    IF v_voters < 2 OR seen(p_candidate, 'promised') IS NULL THEN
        SELECT COUNT(why_set_back(peer)) INTO v_older FROM peer_status;
        SELECT GROUP_CONCAT(COALESCE(why_set_back(peer), CONCAT(peer, ': ', problem)) SEPARATOR '; ') INTO v_reason
        FROM peer_status WHERE failed_at IS NOT NULL OR why_set_back(peer) IS NOT NULL;
        CALL refuse(CONCAT(v_refused, 'only ', v_voters, ' of 3 nodes ', IF(v_older = 0, 'answer', 'has a vote'),
                           ' and 2 must agree. ', COALESCE(v_reason, ''), ' Start one of them, then try again.'));
    END IF;
    SELECT why_unfit(p_candidate) INTO v_reason;
    CALL refuse_for(v_refused, v_reason);
END
