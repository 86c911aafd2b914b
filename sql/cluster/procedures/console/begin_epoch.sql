-- Writes PROMOTION on the candidate, which holds everything of older epochs (the boundary rule), and brings it to one more
-- claimed node: this one, and every one that has no entries which nobody kept. Inputs: the candidate, the epoch claimed, the
-- reason, whether nobody asked for it, who did not promise the epoch and why. Errors: 45001 no second node took it, and why.
CREATE OR REPLACE PROCEDURE begin_epoch(
    IN p_candidate VARCHAR(16), IN p_epoch INT UNSIGNED, IN p_reason VARCHAR(255), IN p_automatic BOOLEAN, IN p_missing TEXT)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_own VARCHAR(16) DEFAULT (SELECT config_value FROM node_config WHERE config_key = 'node_name');
    DECLARE v_refused VARCHAR(100) DEFAULT CONCAT(node_label(p_candidate), ' was not promoted: ');
    DECLARE v_watermark BIGINT UNSIGNED;
    DECLARE v_failover_at DOUBLE;
    DECLARE v_answer VARCHAR(1000) CHARACTER SET utf8mb4;
    DECLARE v_problem TEXT;
    DECLARE v_confirmed BOOLEAN DEFAULT FALSE;
    SELECT IF(p_automatic, UNIX_TIMESTAMP(SYSDATE(6)), MAX(CAST(seen(peer, 'failover_at') AS DOUBLE))) INTO v_failover_at
    FROM claimed_node;
    SELECT CAST(config_value AS INTEGER) INTO v_watermark FROM node_config WHERE config_key = 'commit_watermark';
    CALL rpc_call_node(p_candidate, 'promote', p_epoch, JSON_OBJECT(
        'node', p_candidate, 'label', node_label(p_candidate), 'epoch', p_epoch, 'reason', p_reason, 'failover_at', v_failover_at,
        'forced', 0, 'watermark', v_watermark), v_answer, v_problem);
    CALL refuse_for(v_refused, CONCAT(v_problem, '. Try again.'));
    IF p_candidate <> v_own THEN
        SET v_watermark = common_watermark(p_candidate);
        CALL reach_peer(p_candidate, CONCAT('CALL pull_entries(''', p_candidate, ''', ', p_epoch, ', ', v_watermark, ')'), v_answer);
        SET v_confirmed = TRUE;
    END IF;
    FOR follower IN (SELECT peer FROM claimed_node WHERE peer NOT IN (v_own, p_candidate)) DO
        CALL confirm_epoch(follower.peer, p_epoch, v_problem);
        SET v_confirmed = v_confirmed OR v_problem IS NULL;
        SET p_missing = CONCAT(p_missing, COALESCE(CONCAT(' ', follower.peer, v_problem), ''));
    END FOR;
    IF NOT v_confirmed THEN
        CALL refuse(CONCAT(v_refused, 'no second node took the beginning of epoch ', p_epoch, '.', p_missing, ' Try again.'));
    END IF;
END
