-- Probes the nodes and does what follows (decide): promotes Node A when Main is gone and no consent to it runs any more, lets a
-- primary that was restarted go on in a new epoch. Answers one row, the sentence. Call it on Node A every few seconds; any number
-- of watchers may run.
-- Errors: 45001 wrong node, half-installed scripts. May be repeated.
CREATE OR REPLACE PROCEDURE check_main_health()
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_last VARCHAR(16);
    DECLARE v_decision VARCHAR(1000);
    CALL require_console('node_a', 'check_main_health');
    CALL probe_peers();
    SET v_last = last_primary();
    IF seen(v_last, 'mode') IS NOT NULL AND NOT takes_writes(v_last) THEN
        DO SLEEP(0.25);  -- a switchover that is under way has handed over by then
        CALL probe_peers();
    END IF;
    SET v_decision = decide();
    CASE JSON_VALUE(v_decision, '$.action')
    WHEN 'resume' THEN
        CALL promote_by_itself(JSON_VALUE(v_decision, '$.node'), JSON_VALUE(v_decision, '$.sentence'), NULL, FALSE);
    WHEN 'fail over' THEN
        CALL promote_by_itself('node_a', JSON_VALUE(v_decision, '$.sentence'), '${promoted}', TRUE);
    ELSE
        IF JSON_VALUE(v_decision, '$.action') = 'renew' THEN
            CALL keep_lease();
        ELSEIF JSON_VALUE(v_decision, '$.node') = 'main' THEN
            UPDATE node_config SET config_value = UTC_TIMESTAMP(6) WHERE config_key = 'last_main_contact';
        END IF;
        SELECT JSON_VALUE(v_decision, '$.sentence') AS message;
    END CASE;
END
