-- A consent in the caller's transaction; see consent. Errors: 45002 this node has promised another epoch.
CREATE OR REPLACE PROCEDURE consent_here(IN p_epoch INT UNSIGNED, IN p_seconds DOUBLE)
    SQL SECURITY DEFINER
BEGIN
    CALL require_promise(p_epoch);
    UPDATE node_config SET config_value = GREATEST(CAST(config_value AS DOUBLE), UNIX_TIMESTAMP(SYSDATE(6)) + p_seconds)
    WHERE config_key = 'consent_until';
    UPDATE node_config SET config_value = p_epoch WHERE config_key = 'consent_epoch';
END
