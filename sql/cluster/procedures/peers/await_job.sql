-- Waits for a job, but no longer than p_patience seconds for its next sign of life; its beginning is one. A peer that fails is
-- remembered in peer_status. A job that nobody awaits any more goes on: whatever it may do late is safe.
-- Out: its answer; why not, NULL when it was done.
CREATE OR REPLACE PROCEDURE await_job(
    IN p_job BIGINT UNSIGNED, IN p_patience DECIMAL(4, 1), OUT p_answer VARCHAR(1000), OUT p_problem TEXT)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_pause DOUBLE DEFAULT 0.0005;
    DECLARE v_done, v_refused BOOLEAN DEFAULT FALSE;
    DECLARE v_silent DOUBLE;
    DECLARE v_peer VARCHAR(16);
    waiting: LOOP
        SET v_silent = NULL;
        SELECT peer, done, answer, problem, refused, TIMESTAMPDIFF(MICROSECOND, alive_at, UTC_TIMESTAMP(6)) / 1e6
        INTO v_peer, v_done, p_answer, p_problem, v_refused, v_silent FROM peer_job WHERE job_id = p_job;
        IF v_done OR v_silent IS NULL OR v_silent > p_patience THEN
            LEAVE waiting;
        END IF;
        DO SLEEP(v_pause);
        SET v_pause = LEAST(v_pause * 1.3, 0.02);
    END LOOP;
    DELETE FROM peer_job WHERE job_id = p_job;
    IF NOT v_done THEN
        SET p_problem = CONCAT('no answer within ', p_patience, ' s');
    END IF;
    IF p_problem IS NOT NULL AND v_peer IS NOT NULL AND NOT v_refused THEN
        CALL save_peer_status(v_peer, NULL, p_problem);
    END IF;
END
