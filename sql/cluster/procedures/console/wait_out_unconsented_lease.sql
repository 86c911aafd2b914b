-- Waits until a lease has run out that the last primary may have got without consent, so that nobody knows of it. It gets no
-- further one: claimed_node answers now, and is not the last primary. Inputs: the last primary, the epoch that it led.
CREATE OR REPLACE PROCEDURE wait_out_unconsented_lease(IN p_last VARCHAR(16), IN p_led INT UNSIGNED)
    SQL SECURITY DEFINER
BEGIN
    IF p_led > 0 AND NOT EXISTS (SELECT 1 FROM claimed_node WHERE peer = p_last)
       AND EXISTS (SELECT 1 FROM peer_status WHERE failed_at IS NULL AND seen(peer, 'solo') <> 'never') THEN
        DO SLEEP((SELECT config_value * ${consent_factor} FROM node_config WHERE config_key = 'lease_seconds'));
    END IF;
END
