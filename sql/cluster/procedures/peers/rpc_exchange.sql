-- Runs a primitive on another node, commits it there and brings its answer to @job_answer: the work of a job.
-- Whose caller has gone while it connected does nothing more: a claim that comes late would close a primary for nothing.
-- Inputs: the peer, verb, epoch, argument. Errors: those of the server and of the primitive.
CREATE OR REPLACE PROCEDURE rpc_exchange(
    IN p_peer VARCHAR(16), IN p_verb VARCHAR(16), IN p_epoch INT UNSIGNED, IN p_argument LONGTEXT)
    SQL SECURITY DEFINER
exchanging: BEGIN
    DECLARE v_line VARCHAR(64) DEFAULT rpc_lock_name(p_peer);
    DECLARE v_failed, v_awaited BOOLEAN;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        CALL rpc_read_inbox(p_peer);  -- see rpc_lock_name
        RESIGNAL;
    END;
    SELECT COUNT(*) INTO v_failed FROM peer_status WHERE peer = p_peer AND failed_at IS NOT NULL;
    IF NOT GET_LOCK(v_line, IF(v_failed, 0.5, 1.5)) THEN
        SIGNAL SQLSTATE 'HY000' SET MESSAGE_TEXT = 'an earlier call has not come back';
    END IF;
    -- Its row in the inbox there, which no call that may still be under way has.
    SELECT CONCAT(config_value, '.', SUBSTRING_INDEX(v_line, '.', -1) % 20) INTO @job_caller FROM node_config WHERE config_key = 'node_name';
    CALL rpc_read_inbox(p_peer);
    SELECT COUNT(*) INTO v_awaited FROM peer_job WHERE job_id = @job_id;
    IF NOT v_awaited THEN
        LEAVE exchanging;
    END IF;
    EXECUTE IMMEDIATE CONCAT('REPLACE INTO call_', p_peer, ' (caller, call_id, verb, epoch, argument) VALUES (?, ?, ?, ?, ?)')
    USING @job_caller, @job_id, p_verb, p_epoch, p_argument;
    COMMIT;
    -- Read after the commit, which FederatedX reports as done even if it failed: an answer means that it was.
    CALL rpc_read_inbox(p_peer);
    IF NOT @job_answered <=> @job_id THEN
        CALL refuse('the call was not kept there');
    END IF;
END
