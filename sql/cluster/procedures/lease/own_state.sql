-- What this node knows of itself, as JSON: the fields of protocol/view.py that the SQL console decides by.
-- lease: seconds that its lease still runs, NULL for none of the promised epoch; consent: seconds that nobody may claim it.
-- solo: when its primary may hold a lease without consent, the values of protocol/names.py. failover_at: when there was an
-- automatic failover last, seconds since 1970. quarantined, defect: see why_unfit. automation: what it heard of the operators' decision
-- on the watch.
CREATE OR REPLACE FUNCTION own_state() RETURNS VARCHAR(1000) CHARSET utf8mb4
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_state VARCHAR(1000);
    DECLARE v_led INT UNSIGNED DEFAULT 0;
    DECLARE v_primary VARCHAR(16) DEFAULT '';
    DECLARE v_forced VARCHAR(8);
    DECLARE v_lease, v_failover_at DOUBLE;
    DECLARE v_last BIGINT DEFAULT (SELECT COALESCE(MAX(log_id), 0) FROM transaction_log);
    DECLARE v_counted BIGINT DEFAULT ${counted_entries} + (
        SELECT CAST(config_value AS INTEGER) FROM node_config WHERE config_key = 'commit_watermark');
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
    SELECT epoch, JSON_VALUE(new_value, '$.node'), JSON_VALUE(new_value, '$.failover_at'), JSON_VALUE(new_value, '$.forced')
    INTO v_led, v_primary, v_failover_at, v_forced FROM transaction_log
    WHERE table_name = '' AND record_id = 'PROMOTION' ORDER BY epoch DESC LIMIT 1;
    SELECT expires_at - UNIX_TIMESTAMP(SYSDATE(6)) INTO v_lease FROM lease
    WHERE epoch = (SELECT config_value FROM node_config WHERE config_key = 'epoch');
    SELECT JSON_OBJECT(
        'node', MAX(IF(config_key = 'node_name', config_value, NULL)),
        'mode', MAX(IF(config_key = 'node_mode', config_value, NULL)),
        'promised', CAST(MAX(IF(config_key = 'epoch', config_value, NULL)) AS INTEGER),
        'led', v_led, 'primary', v_primary, 'failover_at', v_failover_at, 'lease', v_lease, 'restarted', is_restarted(),
        'solo', CASE WHEN v_forced = '1' AND MAX(IF(config_key = 'followed_epoch', config_value + 0, 0)) < v_led THEN 'when_silent'
                     WHEN MAX(IF(config_key = 'durability', config_value, NULL)) = 'local' THEN 'when_gone'
                     ELSE 'never' END,
        'consent', GREATEST(LEAST(MAX(IF(config_key = 'consent_until', config_value, NULL)) - UNIX_TIMESTAMP(SYSDATE(6)),
                                  MAX(IF(config_key = 'consent_seconds', config_value + 0, NULL))), 0),
        'watermark', CAST(MAX(IF(config_key = 'commit_watermark', config_value, NULL)) AS INTEGER),
        'entries', CAST(MAX(IF(config_key = 'commit_watermark_entries', config_value, NULL)) AS INTEGER) + GREATEST(v_last - v_counted, 0) + (
            SELECT COUNT(*) FROM transaction_log WHERE log_id > v_counted - ${counted_entries} AND log_id <= v_counted),
        'quarantined', (SELECT COUNT(*) FROM quarantined_entry), 'defect', COALESCE(MAX(IF(config_key = 'defect', config_value, NULL)), ''),
        'round_main', CAST(MAX(IF(config_key = 'round_main', config_value, 0)) AS INTEGER),
        'round_node_a', CAST(MAX(IF(config_key = 'round_node_a', config_value, 0)) AS INTEGER),
        'round_node_b', CAST(MAX(IF(config_key = 'round_node_b', config_value, 0)) AS INTEGER),
        'automation', (SELECT JSON_OBJECT(
            'version', CAST(JSON_VALUE(config_value, '$.version') AS INTEGER), 'paused', JSON_VALUE(config_value, '$.paused'),
            'by', LEFT(JSON_VALUE(config_value, '$.by'), 40), 'at', JSON_VALUE(config_value, '$.at'))
            FROM node_config WHERE config_key = 'automation' AND config_value <> ''),
        'in_sync', EXISTS (SELECT 1 FROM in_sync),
        'last_log_id', v_last,
        'last_entry_at', (SELECT `timestamp` FROM transaction_log ORDER BY log_id DESC LIMIT 1))
    INTO v_state FROM node_config;
    RETURN v_state;
END
