-- Extends the lease of a node that takes writes when it is half spent: a second node consents, then the lease ends that
-- long after the clock was read (invariant (b)). Replicator and watch do this in time, so with them it asks nobody.
-- A node that another one has just promoted gets its first lease of the epoch here; a restarted node stays without.
-- Does nothing where this node takes no writes. May be repeated.
CREATE OR REPLACE PROCEDURE keep_lease()
    SQL SECURITY DEFINER
keeping: BEGIN
    DECLARE v_mode, v_epoch, v_seconds VARCHAR(255);
    DECLARE v_left, v_before DOUBLE;
    DECLARE v_fresh BOOLEAN;
    DECLARE v_now BIGINT UNSIGNED DEFAULT CEILING(UNIX_TIMESTAMP(SYSDATE(6)) * 1000);
    DECLARE v_answer VARCHAR(1000) CHARACTER SET utf8mb4;
    DECLARE v_problem TEXT;
    DECLARE EXIT HANDLER FOR ${stale_epoch} BEGIN END;  -- claimed meanwhile: the guard says so
    -- Most calls find a fresh lease of the promised epoch: the conditions of the view lease, which would be parsed anew.
    SELECT COUNT(*) INTO v_fresh
    FROM lease_end JOIN write_lease ON write_lease.epoch = lease_end.next_not_cached_value >> 42 JOIN lease_begin
        JOIN node_config AS promise ON promise.config_key = 'epoch' AND promise.config_value = write_lease.epoch
        JOIN node_config AS seconds ON seconds.config_key = 'lease_seconds'
    WHERE lease_end.next_not_cached_value & 4398046511103 BETWEEN v_now + seconds.config_value * 500 AND 4398046511102
      AND lease_begin.next_not_cached_value <= (write_lease.epoch << 42) + v_now + 50;
    IF v_fresh THEN
        LEAVE keeping;
    END IF;
    SELECT MAX(IF(config_key = 'node_mode', config_value, NULL)), MAX(IF(config_key = 'epoch', config_value, NULL)),
           MAX(IF(config_key = 'lease_seconds', config_value, NULL))
    INTO v_mode, v_epoch, v_seconds FROM node_config WHERE config_key IN ('node_mode', 'epoch', 'lease_seconds');
    IF v_mode NOT IN ('PRIMARY', 'ACTING_MASTER') THEN
        LEAVE keeping;
    END IF;
    SELECT MAX(expires_at) - UNIX_TIMESTAMP(SYSDATE(6)) INTO v_left FROM lease WHERE epoch = v_epoch;
    IF v_left IS NULL THEN
        CALL drop_overtaken_lease();
    END IF;
    IF v_left > v_seconds / 2 OR is_restarted() THEN
        LEAVE keeping;
    END IF;
    SET v_before = UNIX_TIMESTAMP(SYSDATE(6));
    CALL rpc_call(follower(1), 'consent', v_epoch, v_seconds * ${consent_factor}, v_answer, v_problem);
    IF v_problem IS NOT NULL THEN
        SET v_before = UNIX_TIMESTAMP(SYSDATE(6));
        CALL rpc_call(follower(2), 'consent', v_epoch, v_seconds * ${consent_factor}, v_answer, v_problem);
    END IF;
    IF v_problem IS NULL AND v_left IS NULL THEN
        CALL open_writes(v_epoch, v_mode, v_before, v_seconds);
    ELSEIF v_problem IS NULL THEN
        CALL renew_lease(v_epoch, v_before, v_seconds);
    END IF;
END
