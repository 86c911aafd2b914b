-- Gives work that needs another node to a thread of the event scheduler, so that whoever waits for it can stop waiting:
-- where packets are lost, connecting takes the server two minutes and nothing ends it sooner.
-- Inputs: the peer, the statement; it leaves its answer in @job_answer. Out: the job, for await_job. Commits the session's
-- transaction, so it is called between transactions alone.
CREATE OR REPLACE PROCEDURE begin_job(
    IN p_peer VARCHAR(16), IN p_work LONGTEXT, OUT p_job BIGINT UNSIGNED)
    SQL SECURITY DEFINER
BEGIN
    SET p_job = UUID_SHORT();
    INSERT INTO peer_job (job_id, peer, alive_at) VALUES (p_job, p_peer, UTC_TIMESTAMP(6));
    IF @@GLOBAL.event_scheduler = 'ON' THEN
        -- In base 64, because an event keeps its text in the character set of the client.
        EXECUTE IMMEDIATE CONCAT('CREATE EVENT job_', p_job, ' ON SCHEDULE AT CURRENT_TIMESTAMP DO CALL run_job(', p_job, ', CONVERT(FROM_BASE64(''',
                                 TO_BASE64(p_work), ''') USING utf8mb4))');
    ELSE
        UPDATE peer_job SET done = TRUE, refused = TRUE,
            problem = 'the event scheduler of this server is off: SET GLOBAL event_scheduler = ON'
        WHERE job_id = p_job;
    END IF;
END
