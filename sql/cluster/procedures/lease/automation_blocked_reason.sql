-- Why check_main_health may not promote by itself, in a sentence; NULL when it may. The rules of the watch
-- (protocol/decide.py), with the values that set-up has stored and what probe_peers has just seen.
-- Input: whether the last primary is to go on, which needs no cool-down.
CREATE OR REPLACE FUNCTION automation_blocked_reason(p_resumes BOOLEAN) RETURNS VARCHAR(300) CHARSET utf8mb4
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_automatic VARCHAR(8);
    DECLARE v_decider VARCHAR(16);
    DECLARE v_cooldown, v_failover_at DOUBLE;
    SELECT MAX(IF(config_key = 'automatic', config_value, NULL)), MAX(IF(config_key = 'cooldown', config_value, NULL))
    INTO v_automatic, v_cooldown FROM node_config WHERE config_key IN ('automatic', 'cooldown');
    -- A majority keeps the operators' decision, so this node may have missed it.
    SELECT peer INTO v_decider FROM peer_status WHERE failed_at IS NULL ORDER BY CAST(seen(peer, 'automation.version') AS INTEGER) DESC LIMIT 1;
    SELECT MAX(CAST(seen(peer, 'failover_at') AS DOUBLE)) INTO v_failover_at FROM peer_status WHERE failed_at IS NULL;
    RETURN CASE
        WHEN seen(v_decider, 'automation.paused') IN ('1', 'true') THEN CONCAT('Automation is paused since ', seen(v_decider, 'automation.at'),
            ' by ', seen(v_decider, 'automation.by'), '. Run resume to let the watch act.')
        WHEN v_automatic = '0' THEN '${not_automatic}'
        WHEN NOT p_resumes AND v_failover_at + v_cooldown > UNIX_TIMESTAMP(SYSDATE(6)) THEN CONCAT(
            'There was an automatic failover at ', format_utc(v_failover_at), ': no other before ', format_utc(v_failover_at + v_cooldown), '.')
    END;
END
