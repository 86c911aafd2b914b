-- Keeps the commit watermark at or below a log id, in the caller's transaction: only a forced promotion orphans entries
-- below it. Input: the log id, NULL for none. May be repeated.
CREATE OR REPLACE PROCEDURE lower_watermark(IN p_log_id BIGINT UNSIGNED)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_watermark, v_entries BIGINT UNSIGNED;
    SELECT config_value INTO v_watermark FROM node_config WHERE config_key = 'commit_watermark';
    IF v_watermark > p_log_id THEN
        SELECT (SELECT COUNT(*) FROM transaction_log WHERE log_id <= p_log_id)
             + COALESCE((SELECT config_value FROM node_config WHERE config_key = 'pruned_entries'), 0) INTO v_entries;
        UPDATE node_config SET config_value = IF(config_key = 'commit_watermark', p_log_id, v_entries)
        WHERE config_key IN ('commit_watermark', 'commit_watermark_entries');
    END IF;
END
