-- Does the work of a job, in a thread of its own, and leaves the answer in peer_job. Inputs: the job, the statement.
CREATE OR REPLACE PROCEDURE run_job(IN p_job BIGINT UNSIGNED, IN p_work LONGTEXT)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_refused BOOLEAN DEFAULT FALSE;
    DECLARE v_number INT;
    DECLARE v_problem TEXT;
    SET @job_id = p_job, @job_answer = NULL;
    BEGIN
        DECLARE EXIT HANDLER FOR SQLEXCEPTION
        BEGIN
            GET DIAGNOSTICS CONDITION 1 v_number = MYSQL_ERRNO, v_problem = MESSAGE_TEXT;
            ROLLBACK;
        END;
        EXECUTE IMMEDIATE p_work;
    END;
    IF v_number BETWEEN 45000 AND 45009 THEN
        SET v_refused = TRUE;
    ELSEIF v_problem LIKE '%Error on remote system: 4500%' THEN
        SET v_refused = TRUE, v_problem = REGEXP_REPLACE(v_problem, "^.*remote system: [0-9]+: (.*?)'? from FEDERATED$", '\\1');
    END IF;
    UPDATE peer_job SET done = TRUE, answer = @job_answer, problem = LEFT(v_problem, 500), refused = v_refused WHERE job_id = p_job;
    DELETE FROM peer_job WHERE alive_at < UTC_TIMESTAMP(6) - INTERVAL 10 MINUTE;  -- nobody awaits those any more
END
