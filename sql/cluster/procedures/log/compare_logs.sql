-- Compares this node's log with another one's above a watermark, in one read of theirs. The work of a job: leaves in @job_answer, as
-- JSON, how many entries the other has that this node lacks (extra), and the first log id of what it lacks itself (missing),
-- NULL when it has all. Inputs: the node, the watermark. May be repeated.
CREATE OR REPLACE PROCEDURE compare_logs(IN p_peer VARCHAR(16), IN p_watermark BIGINT UNSIGNED)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_extra, v_missing BIGINT UNSIGNED;
    CREATE OR REPLACE TEMPORARY TABLE their_entry (log_id BIGINT UNSIGNED, epoch INT UNSIGNED, PRIMARY KEY (log_id, epoch)) ENGINE = InnoDB;
    EXECUTE IMMEDIATE CONCAT('INSERT INTO their_entry SELECT log_id, epoch FROM transaction_log_', p_peer, ' WHERE log_id > ', p_watermark);
    SELECT COUNT(*) INTO v_extra FROM their_entry LEFT JOIN transaction_log AS own USING (log_id, epoch) WHERE own.log_id IS NULL;
    SELECT MIN(own.log_id) INTO v_missing FROM transaction_log AS own LEFT JOIN their_entry USING (log_id, epoch)
    WHERE own.log_id > p_watermark AND their_entry.log_id IS NULL;
    DROP TEMPORARY TABLE their_entry;
    SET @job_answer = JSON_OBJECT('extra', v_extra, 'missing', v_missing);
END
