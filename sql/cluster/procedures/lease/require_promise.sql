-- Locks the promise of this node in share mode, so that nobody raises it before the caller's transaction ends, and checks
-- that it is exactly p_epoch. Appends, consents and renewals share it: none waits for another.
-- Errors: 45002 the promise is another epoch, or the node takes no part.
CREATE OR REPLACE PROCEDURE require_promise(IN p_epoch INT UNSIGNED)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_promised INT;
    DECLARE v_sentence VARCHAR(200);
    SELECT config_value INTO v_promised FROM node_config WHERE config_key = 'epoch' LOCK IN SHARE MODE;
    CALL require_member(v_promised);
    IF v_promised <> p_epoch THEN
        SET v_sentence = CONCAT('stale epoch ', p_epoch, ': this node has promised epoch ', v_promised, '.');
        SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${stale_epoch}, MESSAGE_TEXT = v_sentence;
    END IF;
END
