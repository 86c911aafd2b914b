-- Reads the row of @job_caller in the inbox of another node: which job it answers into @job_answered, the answer into @job_answer.
-- Connects where need be.
-- Input: the peer. Errors: those of the server.
CREATE OR REPLACE PROCEDURE rpc_read_inbox(IN p_peer VARCHAR(16))
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_attempts INT DEFAULT 0;
    DECLARE v_done BOOLEAN DEFAULT FALSE;
    WHILE NOT v_done DO
        SET v_attempts = v_attempts + 1, @job_answered = NULL, @job_answer = NULL;
        BEGIN
            DECLARE v_problem TEXT;
            DECLARE EXIT HANDLER FOR SQLEXCEPTION
            BEGIN
                GET DIAGNOSTICS CONDITION 1 v_problem = MESSAGE_TEXT;
                -- An earlier restart of the peer has broken this connection; a new one tells how the peer is.
                IF v_attempts > 1 OR v_problem NOT RLIKE ': (2006|2013|2055):' THEN
                    RESIGNAL;
                END IF;
            END;
            EXECUTE IMMEDIATE CONCAT('SELECT answered, answer INTO @job_answered, @job_answer FROM call_', p_peer, ' WHERE caller = ?')
            USING @job_caller;
            SET v_done = TRUE;
        END;
    END WHILE;
END
