-- Records, on this server's own clock, that this node will let nobody claim it for p_seconds: the
-- primary of p_epoch may hold a lease that long.
-- Errors: 45002 this node has promised another epoch. May be repeated.
CREATE OR REPLACE PROCEDURE consent(IN p_epoch INT UNSIGNED, IN p_seconds DOUBLE)
    SQL SECURITY DEFINER
BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
    START TRANSACTION;
    CALL require_promise(p_epoch);
    UPDATE node_config SET config_value = GREATEST(CAST(config_value AS DOUBLE), UNIX_TIMESTAMP(SYSDATE(6)) + p_seconds)
    WHERE config_key = 'consent_until';
    UPDATE node_config SET config_value = p_epoch WHERE config_key = 'consent_epoch';
    COMMIT;
END
