-- Lets a job probe a peer that has failed, every two seconds at most, and does not wait for it: so a writer
-- that finds the peer failed loses no time, and the next one finds it back. Input: the peer. Commits the session's transaction.
CREATE OR REPLACE PROCEDURE reprobe_later(IN p_peer VARCHAR(16))
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_job BIGINT UNSIGNED;
    UPDATE peer_status SET asked_at = UTC_TIMESTAMP(6)
    WHERE peer = p_peer AND (asked_at IS NULL OR asked_at < UTC_TIMESTAMP(6) - INTERVAL 2 SECOND);
    IF ROW_COUNT() = 1 THEN
        CALL begin_job(p_peer, CONCAT('CALL reprobe_peer(''', p_peer, ''')'), v_job);
    END IF;
END
