-- One node's own account of itself, in one round trip. Every part is a primary-key or index-only read: the
-- newest PROMOTION by (table_name, record_id, epoch), the end of the log by its key, its size as the counted
-- watermark plus what stands in the log ids just above it; a large transaction on its way is not counted row by row.
SELECT
    JSON_OBJECTAGG(config.config_key, config.config_value),
    (SELECT JSON_ARRAY(epoch, JSON_VALUE(new_value, '$.node'), JSON_VALUE(new_value, '$.failover_at'),
                       JSON_VALUE(new_value, '$.forced')) FROM transaction_log
     WHERE table_name = '' AND record_id = 'PROMOTION' ORDER BY epoch DESC LIMIT 1),
    (SELECT JSON_ARRAY(epoch, expires_at - UNIX_TIMESTAMP(SYSDATE(6))) FROM lease LIMIT 1),
    (SELECT JSON_ARRAY(log_id, UNIX_TIMESTAMP(`timestamp`)) FROM transaction_log ORDER BY log_id DESC LIMIT 1),
    (SELECT COUNT(*) FROM transaction_log WHERE
        log_id > (SELECT CAST(config_value AS UNSIGNED) FROM node_config WHERE config_key = 'commit_watermark') AND
        log_id <= (SELECT CAST(config_value AS UNSIGNED) FROM node_config WHERE config_key = 'commit_watermark') + ${counted_entries}),
    (SELECT COUNT(*) FROM orphaned_entry),
    (SELECT COUNT(*) FROM quarantined_entry),
    (SELECT COUNT(*) FROM in_sync),
    UNIX_TIMESTAMP(SYSDATE(6))
FROM node_config AS config
