-- What follows from what probe_peers saw on Node A: the rules of protocol/decide.py as far as one node can follow them. Answers
-- JSON: action (its words), the node that it is about, the sentence. A promotion that has no majority, or whose candidate is
-- unfit, is refused by promote_node. Changes nothing.
CREATE OR REPLACE FUNCTION decide() RETURNS VARCHAR(1000) CHARSET utf8mb4
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_last VARCHAR(16) DEFAULT last_primary();
    DECLARE v_failed_at DATETIME(6);
    DECLARE v_node VARCHAR(16) DEFAULT 'Main';
    DECLARE v_candidate VARCHAR(16) DEFAULT 'Node A';
    DECLARE v_mode VARCHAR(16) DEFAULT 'ACTING_MASTER';
    DECLARE v_since, v_cause, v_blocked VARCHAR(300);
    DECLARE v_sentence VARCHAR(500);
    DECLARE v_consent, v_longest DOUBLE;
    DECLARE v_resumes BOOLEAN;
    IF takes_writes('node_a') THEN
        RETURN JSON_OBJECT('action', 'renew', 'node', 'node_a',
                           'sentence', IF(seen('main', 'mode') IS NULL, '${still_down}', '${back_online}'));
    END IF;
    IF takes_writes('main') THEN
        RETURN JSON_OBJECT('action', 'nothing', 'node', 'main', 'sentence', '${healthy}');
    END IF;
    IF v_last IS NULL THEN
        RETURN JSON_OBJECT('action', 'nothing', 'sentence', '${never_led}');
    END IF;
    -- A last primary that answers goes on in a new epoch: it was restarted, or a promotion has failed half way.
    SET v_resumes = COALESCE(CAST(seen(v_last, 'promised') AS INTEGER) > 0, FALSE) AND why_set_back(v_last) IS NULL;
    SET v_blocked = automation_blocked_reason(v_resumes);
    IF v_blocked IS NOT NULL THEN
        RETURN JSON_OBJECT('action', 'nothing', 'sentence', CONCAT(
            node_label(v_last), ' takes no writes. ', v_blocked, ' Call promote_to_acting_master() to promote Node A.'));
    END IF;
    IF v_resumes THEN
        RETURN JSON_OBJECT('action', 'resume', 'node', v_last, 'sentence', CONCAT(node_label(v_last),
            IF(seen(v_last, 'lease') IS NULL, ' holds no lease', CONCAT(' is in ', seen(v_last, 'mode'), ' mode')), ' and goes on in a new epoch.'));
    END IF;
    IF v_last = 'node_a' THEN
        RETURN JSON_OBJECT('action', 'nothing', 'sentence', CONCAT(
            COALESCE(why_set_back('node_a'), 'Node A has lost its data.'), ' Run switchover --to main to promote Main.'));
    END IF;
    SELECT MAX(failed_at) INTO v_failed_at FROM peer_status WHERE peer = 'main';
    SET v_since = CONCAT(DATE_FORMAT(v_failed_at, '%Y-%m-%d %H:%i:%s'), ' UTC');
    SET v_cause = COALESCE(CONCAT(${unreachable}), why_set_back('main'), 'Main has lost its data.');
    SET v_sentence = CONCAT(${promoting});
    SELECT MAX(CAST(seen(peer, 'consent') AS DOUBLE)) INTO v_consent FROM peer_status WHERE failed_at IS NULL;
    SELECT config_value * ${consent_factor} INTO v_longest FROM node_config WHERE config_key = 'lease_seconds';
    -- What was consented to before Main was missed here has run out by now: somebody reaches it, and renews its lease.
    IF v_consent > 0 AND TIMESTAMPDIFF(MICROSECOND, v_failed_at, UTC_TIMESTAMP(6)) > v_longest * 1e6 THEN
        RETURN JSON_OBJECT('action', 'nothing', 'sentence', CONCAT(
            TRIM(TRAILING '.' FROM v_cause), ' from Node A, but its lease is renewed there: no failover.'));
    END IF;
    IF v_consent > 0 THEN
        RETURN JSON_OBJECT('action', 'wait', 'node', 'node_a', 'sentence', CONCAT(
            v_sentence, ' Its lease may run for another ', ROUND(v_consent, 1), ' s: call check_main_health() again then.'));
    END IF;
    RETURN JSON_OBJECT('action', 'fail over', 'node', 'node_a', 'sentence', v_sentence);
END
