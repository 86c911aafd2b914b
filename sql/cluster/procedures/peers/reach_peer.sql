-- Lets a job do work that reads a peer's tables, as long as it goes on, and waits for it.
-- Inputs: the peer, the statement. Out: what it left in @job_answer. Errors: 45001 why it was not done.
CREATE OR REPLACE PROCEDURE reach_peer(IN p_peer VARCHAR(16), IN p_work TEXT, OUT p_answer VARCHAR(1000))
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_job BIGINT UNSIGNED;
    DECLARE v_problem TEXT;
    CALL begin_job(p_peer, p_work, v_job);
    CALL await_job(v_job, 10, p_answer, v_problem);
    IF v_problem IS NOT NULL THEN
        CALL refuse(CONCAT(p_peer, ': ', v_problem, '. Try again.'));
    END IF;
END
