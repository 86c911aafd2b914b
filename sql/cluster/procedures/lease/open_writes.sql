-- Gives this node its lease and its writable mode at the end of a promotion.
-- Inputs: the epoch, PRIMARY or ACTING_MASTER, and the lease: an earlier reading of this server's clock in seconds since
-- 1970, and how many seconds from then.
-- Errors: 45002 another epoch was promised, PROMOTION(p_epoch) is not the newest in the log, the clock has stepped back.
CREATE OR REPLACE PROCEDURE open_writes(IN p_epoch INT UNSIGNED, IN p_mode VARCHAR(32), IN p_since DOUBLE, IN p_seconds DOUBLE)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_mode VARCHAR(255);
    DECLARE v_source VARCHAR(32) DEFAULT (SELECT config_value FROM node_config WHERE config_key = 'source_node');
    DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
    -- Before any row is locked: a writer reads this table while it waits for the mode. Alone it permits nothing.
    DELETE FROM write_lease WHERE epoch < p_epoch;
    INSERT IGNORE INTO write_lease (epoch, source_node) VALUES (p_epoch, v_source);
    START TRANSACTION;
    SELECT config_value INTO v_mode FROM node_config WHERE config_key = 'node_mode' FOR UPDATE;
    CALL require_promise(p_epoch);
    CALL require_promotion(p_epoch);
    UPDATE node_config SET config_value = p_mode WHERE config_key = 'node_mode';
    UPDATE node_config SET config_value = 0 WHERE config_key = 'replayed_transactions';
    CALL permit(p_epoch, p_since, p_seconds);
    COMMIT;
END
