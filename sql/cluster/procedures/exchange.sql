-- Runs a primitive on another node, commits it there and brings its answer to @job_answer: the work of a job.
-- Whose caller has gone while it connected does nothing more: a claim that comes late would close a primary for nothing.
-- Inputs: the peer, verb, epoch, argument. Errors: those of the server and of the primitive.
CREATE OR REPLACE PROCEDURE exchange(
    IN p_peer VARCHAR(16), IN p_verb VARCHAR(16), IN p_epoch INT UNSIGNED, IN p_argument LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)
    SQL SECURITY DEFINER
exchanging: BEGIN
    DECLARE v_line INT DEFAULT 1;
    DECLARE v_attempts INT DEFAULT 0;
    DECLARE v_awaited, v_connected BOOLEAN DEFAULT FALSE;
    -- The row that this call takes in the inbox there, which no call under way has: so the inbox stays small.
    WHILE NOT GET_LOCK(CONCAT(DATABASE(), '.line.', p_peer, '.', v_line), 0) DO
        SET v_line = v_line + 1;
    END WHILE;
    SELECT CONCAT(config_value, '.', v_line) INTO @job_caller FROM node_config WHERE config_key = 'node_name';
    WHILE NOT v_connected DO
        SET v_attempts = v_attempts + 1;
        BEGIN
            DECLARE v_problem TEXT;
            DECLARE EXIT HANDLER FOR SQLEXCEPTION
            BEGIN
                GET DIAGNOSTICS CONDITION 1 v_problem = MESSAGE_TEXT;
                -- An earlier restart of the peer has broken this connection; a new one tells how the peer is.
                IF v_attempts > 1 OR v_problem NOT RLIKE ': (2006|2013|2055):' THEN
                    RESIGNAL;
                END IF;
                ROLLBACK;
            END;
            EXECUTE IMMEDIATE CONCAT('SELECT COUNT(*) INTO @job_verb FROM call_', p_peer, ' WHERE caller = ?') USING @job_caller;
            SET v_connected = TRUE;
        END;
    END WHILE;
    SELECT COUNT(*) INTO v_awaited FROM peer_job WHERE job_id = @job_id;
    IF NOT v_awaited THEN
        LEAVE exchanging;
    END IF;
    EXECUTE IMMEDIATE CONCAT('REPLACE INTO call_', p_peer, ' (caller, verb, epoch, argument) VALUES (?, ?, ?, ?)')
    USING @job_caller, p_verb, p_epoch, p_argument;
    COMMIT;
    -- Read after the commit, over the same connection: an answer means that it was committed there.
    SET @job_verb = NULL;
    EXECUTE IMMEDIATE CONCAT('SELECT verb, answer INTO @job_verb, @job_answer FROM call_', p_peer, ' WHERE caller = ?') USING @job_caller;
    COMMIT;
    IF NOT @job_verb <=> p_verb THEN
        CALL refuse('the call was not kept there');
    END IF;
END
