-- The log id at and below which this node's log and another one's are equal for good: the lower commit watermark, and no
-- higher than a watermark that a promotion names which the peer has not seen (a forced one had no majority).
CREATE OR REPLACE FUNCTION common_watermark(p_peer VARCHAR(16)) RETURNS BIGINT UNSIGNED
    READS SQL DATA
    SQL SECURITY DEFINER
    RETURN LEAST(
        (SELECT CAST(config_value AS UNSIGNED) FROM node_config WHERE config_key = 'commit_watermark'),
        CAST(COALESCE(seen(p_peer, 'watermark'), 0) AS UNSIGNED),
        COALESCE((SELECT MIN(CAST(JSON_VALUE(new_value, '$.watermark') AS UNSIGNED)) FROM transaction_log
                  WHERE table_name = '' AND record_id = 'PROMOTION' AND epoch > CAST(COALESCE(seen(p_peer, 'led'), 0) AS UNSIGNED)),
                 CAST(4611686018427387904 AS UNSIGNED)))
