-- Ends a consent that a clock which was ahead has written down no later than the seconds that were consented to, counted
-- from now: it was given before now. In the caller's transaction. May be repeated.
CREATE OR REPLACE PROCEDURE bound_consent()
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_until, v_seconds DOUBLE;
    DECLARE v_now DOUBLE DEFAULT UNIX_TIMESTAMP(SYSDATE(6));
    SELECT MAX(IF(config_key = 'consent_until', config_value, NULL)), MAX(IF(config_key = 'consent_seconds', config_value, NULL))
    INTO v_until, v_seconds FROM node_config WHERE config_key IN ('consent_until', 'consent_seconds');
    IF v_until > v_now + v_seconds THEN
        UPDATE node_config SET config_value = v_now + v_seconds WHERE config_key = 'consent_until' AND config_value > v_now + v_seconds;
    END IF;
END
