-- One look at the nodes and what follows from it: promotes Node A when Main is gone and no consent to it runs any more, lets
-- a primary that was restarted go on in a new epoch, unless automation_blocked_reason() says why not. Answers one row, the sentence. Call it
-- on Node A every few seconds; any number of watchers may run.
-- Errors: 45001 wrong node, half-installed scripts. May be repeated.
CREATE OR REPLACE PROCEDURE check_main_health()
    SQL SECURITY DEFINER
checking: BEGIN
    DECLARE v_since DATETIME(6);
    DECLARE v_missed VARCHAR(300);
    DECLARE v_sentence VARCHAR(500);
    DECLARE v_lease, v_longest DOUBLE;
    DECLARE v_hindrance VARCHAR(300);
    DECLARE v_last VARCHAR(16);
    DECLARE v_resumes BOOLEAN;
    CALL require_console('node_a', 'check_main_health');
    CALL probe_peers();
    SELECT seen(peer, 'primary') INTO v_last FROM peer_status WHERE failed_at IS NULL ORDER BY CAST(seen(peer, 'led') AS INTEGER) DESC LIMIT 1;
    IF seen(v_last, 'mode') IS NOT NULL AND NOT takes_writes(v_last) THEN
        DO SLEEP(0.25);  -- a switchover that is under way has handed over by then
        CALL probe_peers();
    END IF;
    IF takes_writes('node_a') THEN
        CALL keep_lease();
        SELECT IF(seen('main', 'mode') IS NULL, '${still_down}',
                  '${back_online}') AS message;
        LEAVE checking;
    END IF;
    IF takes_writes('main') THEN
        UPDATE node_config SET config_value = UTC_TIMESTAMP(6) WHERE config_key = 'last_main_contact';
        SELECT '${healthy}' AS message;
        LEAVE checking;
    END IF;
    -- A last primary that answers goes on in a new epoch: it was restarted, or a promotion has failed half way.
    SET v_resumes = COALESCE(CAST(seen(v_last, 'promised') AS INTEGER) > 0, FALSE) AND why_set_back(v_last) IS NULL;
    SELECT automation_blocked_reason(v_resumes) INTO v_hindrance;
    IF v_hindrance IS NOT NULL THEN
        SELECT CONCAT(IF(v_last = 'main', 'Main', 'Node A'), ' takes no writes. ', v_hindrance,
                      ' Call promote_to_acting_master() to promote Node A.') AS message;
        LEAVE checking;
    END IF;
    IF v_resumes THEN
        CALL resume_primary(v_last);
        LEAVE checking;
    END IF;
    SELECT MAX(failed_at) INTO v_since FROM peer_status WHERE peer = 'main';
    SET v_missed = COALESCE(CONCAT('Main unreachable since ', DATE_FORMAT(v_since, '%Y-%m-%d %H:%i:%s'), ' UTC'), TRIM(TRAILING '.' FROM why_set_back('main')), 'Main has lost its data');
    SET v_sentence = CONCAT(v_missed, '. Promoting Node A to ACTING_MASTER.');
    SELECT MAX(CAST(seen(peer, 'consent') AS DOUBLE)) INTO v_lease FROM peer_status WHERE failed_at IS NULL;
    SELECT config_value * ${consent_factor} INTO v_longest FROM node_config WHERE config_key = 'lease_seconds';
    -- What was consented to before Main was missed here has run out by now: somebody reaches it, and renews its lease.
    IF v_lease > 0 AND TIMESTAMPDIFF(MICROSECOND, v_since, UTC_TIMESTAMP(6)) > v_longest * 1e6 THEN
        SELECT CONCAT(v_missed, ' from Node A, but its lease is renewed there: no failover.') AS message;
        LEAVE checking;
    END IF;
    IF v_lease > 0 THEN
        SELECT CONCAT(v_sentence, ' Its lease may run for another ', ROUND(v_lease, 1), ' s: call check_main_health() again then.') AS message;
        LEAVE checking;
    END IF;
    BEGIN
        DECLARE v_problem TEXT;
        DECLARE EXIT HANDLER FOR SQLEXCEPTION
        BEGIN
            GET DIAGNOSTICS CONDITION 1 v_problem = MESSAGE_TEXT;
            ROLLBACK;
            SELECT CONCAT(v_sentence, ' It did not succeed: ', v_problem) AS message;
        END;
        CALL promote_node('node_a', v_sentence, 0, TRUE);
        SELECT CONCAT(v_sentence, ' ${promoted}') AS message;
    END;
END
