-- A consent in the caller's transaction; see consent. Errors: 45002 this node has promised another epoch.
-- consent_seconds: how long it runs from now, an earlier one included; see bound_consent.
CREATE OR REPLACE PROCEDURE consent_here(IN p_epoch INT UNSIGNED, IN p_seconds DOUBLE)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_until, v_now DOUBLE;
    CALL require_promise(p_epoch);
    SELECT config_value INTO v_until FROM node_config WHERE config_key = 'consent_until' FOR UPDATE;
    CALL bound_consent();
    SELECT config_value, UNIX_TIMESTAMP(SYSDATE(6)) INTO v_until, v_now FROM node_config WHERE config_key = 'consent_until';
    SET v_until = GREATEST(v_until, v_now + p_seconds);
    UPDATE node_config SET config_value = v_until WHERE config_key = 'consent_until';
    UPDATE node_config SET config_value = v_until - v_now WHERE config_key = 'consent_seconds';
    UPDATE node_config SET config_value = p_epoch WHERE config_key = 'consent_epoch';
END
