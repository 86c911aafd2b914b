-- One node's own account of itself, in one round trip: what Python reads of it (NodeState) and what the SQL console does
-- (own_state). Every part is a primary-key or index-only read: the newest PROMOTION by (table_name, record_id, epoch), the end of
-- the log by its key, its size as the counted watermark plus what stands in the log ids just above it; a large transaction
-- on its way is not counted row by row. consent: seconds that it still runs, never more than were consented to, whatever the
-- clock was then. solo: whether it may take writes without a second node, by its settings or by the order of an operator,
-- which ends once another node follows: that one may vote for the third meanwhile.
SELECT
    JSON_OBJECTAGG(config_key, config_value) AS config,
    (SELECT JSON_ARRAY(epoch, JSON_VALUE(new_value, '$.node'), JSON_VALUE(new_value, '$.failover_at')) FROM transaction_log
     WHERE table_name = '' AND record_id = 'PROMOTION' ORDER BY epoch DESC LIMIT 1) AS promotion,
    (SELECT JSON_ARRAY(epoch, expires_at - UNIX_TIMESTAMP(SYSDATE(6))) FROM lease LIMIT 1) AS lease,
    (SELECT JSON_ARRAY(log_id, UNIX_TIMESTAMP(`timestamp`), `timestamp`) FROM transaction_log
     ORDER BY log_id DESC LIMIT 1) AS newest,
    (SELECT COUNT(*) FROM orphaned_entry) AS orphaned,
    (SELECT COUNT(*) FROM quarantined_entry) AS quarantined,
    (SELECT COUNT(*) FROM in_sync) AS in_sync,
    UNIX_TIMESTAMP(SYSDATE(6)) AS clock,
    CAST(MAX(IF(config_key = 'commit_watermark_entries', config_value, NULL)) AS INTEGER) + (
        SELECT COUNT(*) FROM transaction_log WHERE
            log_id > (SELECT CAST(config_value AS UNSIGNED) FROM node_config WHERE config_key = 'commit_watermark') AND
            log_id <= (SELECT CAST(config_value AS UNSIGNED) FROM node_config WHERE config_key = 'commit_watermark') + ${counted_entries})
        + GREATEST((SELECT COALESCE(CAST(MAX(log_id) AS INTEGER), 0) FROM transaction_log)
                   - CAST(MAX(IF(config_key = 'commit_watermark', config_value, NULL)) AS INTEGER) - ${counted_entries}, 0) AS entries,
    GREATEST(LEAST(MAX(IF(config_key = 'consent_until', config_value, NULL)) - UNIX_TIMESTAMP(SYSDATE(6)),
                   COALESCE(MAX(IF(config_key = 'consent_seconds', config_value + 0, NULL)), 1e9)), 0) AS consent,
    CASE WHEN (SELECT IF(JSON_VALUE(new_value, '$.forced') = '1', epoch, 0) FROM transaction_log
               WHERE table_name = '' AND record_id = 'PROMOTION' ORDER BY epoch DESC LIMIT 1)
              > MAX(IF(config_key = 'followed_epoch', config_value + 0, 0)) THEN 'when_silent'
         WHEN MAX(IF(config_key = 'durability', config_value, NULL)) = 'local' THEN 'when_gone'
         ELSE 'never' END AS solo
FROM node_config
