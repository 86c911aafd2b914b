-- Whether a transaction needs no confirmation any more: it has no entries here, or all of them stand at or
-- below the commit watermark, or they are of an epoch before one that this node leads with a lease (a promotion keeps its
-- log on two nodes) or that another node led (the boundary rule: what stands here then, stood there too).
-- Rule 2: what was orphaned has no entries here either, and is never done. One statement, so one snapshot: an orphan
-- on its way is always in one of the two tables. Read by SELECT INTO, which locks nothing.
CREATE OR REPLACE FUNCTION is_settled(p_transaction_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin) RETURNS BOOLEAN
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_watermark BIGINT UNSIGNED;
    DECLARE v_led, v_followed INT UNSIGNED;
    DECLARE v_settled BOOLEAN;
    SELECT config_value INTO v_watermark FROM node_config WHERE config_key = 'commit_watermark';
    SELECT MAX(epoch) INTO v_led FROM lease;
    SELECT MAX(epoch) INTO v_followed FROM (
        SELECT epoch FROM transaction_log
        WHERE table_name = '' AND record_id = 'PROMOTION'
          AND JSON_VALUE(new_value, '$.node') <> (SELECT config_value FROM node_config WHERE config_key = 'node_name')
        ORDER BY epoch DESC LIMIT 1) AS newest;
    SELECT NOT EXISTS (
        SELECT 1 FROM transaction_log
        WHERE transaction_id = p_transaction_id AND log_id > v_watermark
          AND epoch >= GREATEST(COALESCE(v_led, 0), COALESCE(v_followed, 0))
        UNION ALL
        SELECT 1 FROM orphaned_entry WHERE transaction_id = p_transaction_id
        UNION ALL
        SELECT 1 FROM orphaned_transaction WHERE transaction_id = p_transaction_id)
    INTO v_settled;
    RETURN v_settled;
END
