-- Records, on this server's own clock, that this node will let nobody claim it for p_seconds: the
-- primary of p_epoch may hold a lease that long.
-- Errors: 45002 this node has promised another epoch. May be repeated.
CREATE OR REPLACE PROCEDURE consent(IN p_epoch INT UNSIGNED, IN p_seconds DOUBLE)
    SQL SECURITY DEFINER
BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
    START TRANSACTION;
    CALL consent_here(p_epoch, p_seconds);
    COMMIT;
END
