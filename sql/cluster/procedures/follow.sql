-- Makes this node follow the primary of p_epoch: raises the promise where it is lower, with the barrier
-- and without any lease, so that nothing of an older epoch is written here afterwards.
-- Errors: 45002 this node has promised a higher epoch. May be repeated.
CREATE OR REPLACE PROCEDURE follow(IN p_epoch INT UNSIGNED)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_mode VARCHAR(255);
    DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
    START TRANSACTION;
    SELECT config_value INTO v_mode FROM node_config WHERE config_key = 'node_mode' FOR UPDATE;
    UPDATE node_config SET config_value = p_epoch
    WHERE config_key = 'epoch' AND CAST(config_value AS UNSIGNED) < p_epoch;
    CALL require_promise(p_epoch);
    CALL raise_lease_end(p_epoch, 0);
    COMMIT;
END
