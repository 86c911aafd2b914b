-- Whether this server has ended since it was given a lease of the promised epoch: it must not write in that epoch any more
-- (its leases are in memory, lease_end is not), and somebody has to begin a new one.
CREATE OR REPLACE FUNCTION is_restarted() RETURNS BOOLEAN
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_epoch INT;  -- negative while the node is rebuilt
    DECLARE v_leased INT UNSIGNED;
    DECLARE v_known BOOLEAN;
    SELECT config_value INTO v_epoch FROM node_config WHERE config_key = 'epoch';
    SELECT next_not_cached_value >> 42 INTO v_leased FROM lease_end;
    SELECT COUNT(*) INTO v_known FROM lease WHERE epoch = v_epoch;
    RETURN v_leased >= v_epoch AND NOT v_known;
END
