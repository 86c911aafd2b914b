-- What this node knows of itself, as JSON: the fields of protocol/view.py that the SQL console decides by. Read as Python reads
-- them (cluster/nodes/node_state.sql). lease: seconds that its lease still runs, NULL for none of the promised epoch.
-- solo: when its primary may hold a lease without consent, the values of protocol/names.py. failover_at: when there was an
-- automatic failover last, seconds since 1970. quarantined, defect: see why_unfit. automation: what it heard of the operators' decision
-- on the watch.
CREATE OR REPLACE FUNCTION own_state() RETURNS VARCHAR(1000) CHARSET utf8mb4
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_state VARCHAR(1000);
    SELECT JSON_OBJECT(
        'node', JSON_VALUE(config, '$.node_name'), 'mode', JSON_VALUE(config, '$.node_mode'),
        'promised', CAST(JSON_VALUE(config, '$.epoch') AS INTEGER),
        'led', CAST(COALESCE(JSON_VALUE(promotion, '$[0]'), 0) AS INTEGER), 'primary', COALESCE(JSON_VALUE(promotion, '$[1]'), ''),
        'failover_at', JSON_VALUE(promotion, '$[2]') + 0.0,
        'lease', IF(JSON_VALUE(lease, '$[0]') + 0 = JSON_VALUE(config, '$.epoch') + 0, JSON_VALUE(lease, '$[1]') + 0.0, NULL),
        'restarted', is_restarted(), 'solo', solo, 'consent', consent,
        'watermark', CAST(JSON_VALUE(config, '$.commit_watermark') AS INTEGER), 'entries', CAST(entries AS INTEGER),
        'quarantined', quarantined, 'defect', COALESCE(JSON_VALUE(config, '$.defect'), ''),
        'round_main', CAST(COALESCE(JSON_VALUE(config, '$.round_main'), 0) AS INTEGER),
        'round_node_a', CAST(COALESCE(JSON_VALUE(config, '$.round_node_a'), 0) AS INTEGER),
        'round_node_b', CAST(COALESCE(JSON_VALUE(config, '$.round_node_b'), 0) AS INTEGER),
        'automation', (SELECT JSON_OBJECT(
            'version', CAST(JSON_VALUE(config_value, '$.version') AS INTEGER), 'paused', JSON_VALUE(config_value, '$.paused'),
            'by', LEFT(JSON_VALUE(config_value, '$.by'), 40), 'at', JSON_VALUE(config_value, '$.at'))
            FROM node_config WHERE config_key = 'automation' AND config_value <> ''),
        'in_sync', in_sync > 0,
        'last_log_id', CAST(COALESCE(JSON_VALUE(newest, '$[0]'), 0) AS INTEGER),
        'last_entry_at', JSON_VALUE(newest, '$[2]'))
    INTO v_state FROM (
        ${node_state}) AS node;
    RETURN v_state;
END
