-- One look at the nodes and what follows from it: promotes Node A when Main takes no writes and no consent to it runs any
-- more, unless automation is paused. Answers one row, the sentence. Call it on Node A every few seconds; any number of
-- watchers may run.
-- Errors: 45001 wrong node, half-installed scripts. May be repeated.
CREATE OR REPLACE PROCEDURE check_main_health()
    SQL SECURITY DEFINER
checking: BEGIN
    DECLARE v_since DATETIME(6);
    DECLARE v_sentence VARCHAR(500);
    DECLARE v_lease DOUBLE;
    DECLARE v_paused VARCHAR(8);
    CALL require_console('node_a', 'check_main_health');
    CALL look_at_peers();
    IF seen('node_a', 'mode') = 'ACTING_MASTER' AND seen('node_a', 'primary') = 'node_a' THEN
        CALL keep_lease();
        SELECT IF(seen('main', 'mode') IS NULL, 'Main still down. Node A continues as ACTING_MASTER.',
                  'Main is back online. Node A should demote after synchronization.') AS message;
        LEAVE checking;
    END IF;
    IF main_takes_writes() THEN
        UPDATE node_config SET config_value = UTC_TIMESTAMP(6) WHERE config_key = 'last_main_contact';
        SELECT 'Main is healthy. Node A remains in VICE mode.' AS message;
        LEAVE checking;
    END IF;
    SELECT MAX(JSON_VALUE(config_value, '$.paused')) INTO v_paused
    FROM node_config WHERE config_key = 'automation' AND config_value <> '';
    IF v_paused IN ('1', 'true') THEN
        SELECT 'Main takes no writes. Automation is paused: call promote_to_acting_master() to promote Node A.' AS message;
        LEAVE checking;
    END IF;
    SELECT MAX(failed_at) INTO v_since FROM peer_sight WHERE peer = 'main';
    IF @nodes_to_ask > 0 THEN
        SELECT CONCAT('Main unreachable since ', COALESCE(DATE_FORMAT(v_since, '%Y-%m-%d %H:%i:%s'), 'now'),
                      ' UTC. Node B is still to be asked: call check_main_health() again.') AS message;
        LEAVE checking;
    END IF;
    SET v_sentence = IF(v_since IS NULL,
        'Main answers but takes no writes. Promoting Node A to ACTING_MASTER.',
        CONCAT('Main unreachable since ', DATE_FORMAT(v_since, '%Y-%m-%d %H:%i:%s'), ' UTC. Promoting Node A to ACTING_MASTER.'));
    SELECT MAX(CAST(seen(peer, 'consent') AS DOUBLE)) INTO v_lease FROM peer_sight WHERE failed_at IS NULL;
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
        CALL promote_node('node_a', v_sentence, 0);
        SELECT CONCAT(v_sentence, ' Node A promoted to ACTING_MASTER successfully. Node A can now accept write operations.') AS message;
    END;
END
