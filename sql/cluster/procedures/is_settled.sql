-- Whether a transaction needs no confirmation any more: it has no entries here, or all of them stand at or
-- below the verified floor, or they are of an epoch before the present one (a promotion keeps its log on two nodes).
-- Rule 2: what was set aside has no entries here either, and is never done. One statement, so one snapshot: an orphan
-- on its way is always in one of the two tables. Read by SELECT INTO, which locks nothing.
CREATE OR REPLACE FUNCTION is_settled(p_transaction_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin) RETURNS BOOLEAN
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_floor BIGINT UNSIGNED;
    DECLARE v_epoch INT UNSIGNED;
    DECLARE v_settled BOOLEAN;
    SELECT config_value INTO v_floor FROM node_config WHERE config_key = 'verified_log_id';
    SELECT MAX(epoch) INTO v_epoch FROM lease;
    SELECT NOT EXISTS (
        SELECT 1 FROM transaction_log
        WHERE transaction_id = p_transaction_id AND log_id > v_floor AND epoch >= COALESCE(v_epoch, 0)
        UNION ALL
        SELECT 1 FROM stranded_entry WHERE transaction_id = p_transaction_id
        UNION ALL
        SELECT 1 FROM orphaned_transaction WHERE transaction_id = CONVERT(p_transaction_id USING utf8mb4))
    INTO v_settled;
    RETURN v_settled;
END
