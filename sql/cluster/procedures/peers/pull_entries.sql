-- Fetches what another node's log has above the common watermark and this one lacks, under the authority of p_epoch, by
-- log id: so PROMOTION entries come at their boundary. First the entries as they are, then applied in parts of about 4 MiB; it
-- commits where no transaction is cut, so none is ever seen in part. Cut off, it is called again and goes on. The work
-- of a job: each part is a sign of life.
-- Inputs: the node, the promised epoch, the watermark. Errors: 45002 stale epoch. May be repeated.
CREATE OR REPLACE PROCEDURE pull_entries(IN p_peer VARCHAR(16), IN p_epoch INT UNSIGNED, IN p_watermark BIGINT UNSIGNED)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_longest BIGINT DEFAULT @@SESSION.group_concat_max_len;
    DECLARE v_cursor, v_upto, v_ends, v_reach BIGINT UNSIGNED;
    DECLARE v_entries LONGTEXT;
    DECLARE v_added INT;
    DECLARE v_ids INT DEFAULT 20;
    DECLARE v_bytes BIGINT UNSIGNED;
    DECLARE v_problem TEXT;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; SET SESSION group_concat_max_len = v_longest; RESIGNAL; END;
    SET SESSION group_concat_max_len = 1073741824;
    CREATE OR REPLACE TEMPORARY TABLE pulled_entry LIKE transaction_log;
    EXECUTE IMMEDIATE CONCAT('SELECT COALESCE(MAX(log_id), 0) INTO @pulled_upto FROM transaction_log_', p_peer, ' WHERE log_id > ', p_watermark);
    SET v_cursor = p_watermark;
    WHILE v_cursor < @pulled_upto DO
        EXECUTE IMMEDIATE CONCAT('INSERT INTO pulled_entry SELECT theirs.* FROM transaction_log_', p_peer, ' AS theirs WHERE log_id > ', v_cursor,
                                 ' AND log_id <= ', v_cursor + v_ids);
        UPDATE peer_job SET alive_at = UTC_TIMESTAMP(6) WHERE job_id = @job_id;
        SELECT SUM(COALESCE(OCTET_LENGTH(old_value), 0) + COALESCE(OCTET_LENGTH(new_value), 0)) INTO v_bytes
        FROM pulled_entry WHERE log_id > v_cursor AND log_id <= v_cursor + v_ids;
        -- The server keeps what it fetches in memory: as many ids next as make about 4 MiB, going by these.
        SET v_cursor = v_cursor + v_ids, v_ids = GREATEST(LEAST(500, v_ids * 4, FLOOR(v_ids * 4194304 / GREATEST(COALESCE(v_bytes, 0), 1))), 1);
    END WHILE;
    DELETE pulled_entry FROM pulled_entry JOIN transaction_log USING (log_id, epoch);
    SET v_cursor = p_watermark, v_reach = p_watermark;
    START TRANSACTION;
    applying: LOOP
        SELECT MAX(log_id) INTO v_upto FROM (
            SELECT log_id, SUM(bytes) OVER (ORDER BY log_id) AS bytes, ROW_NUMBER() OVER (ORDER BY log_id) AS number
            FROM (SELECT log_id, COALESCE(OCTET_LENGTH(old_value), 0) + COALESCE(OCTET_LENGTH(new_value), 0) AS bytes
                  FROM pulled_entry WHERE log_id > v_cursor
                    AND (v_reach <= v_cursor OR log_id <= v_reach)  -- a cut transaction first ends: then this can commit
                  ORDER BY log_id LIMIT 500) AS ahead) AS counted
        WHERE bytes <= 4194304 OR number = 1;
        IF v_upto IS NULL THEN
            LEAVE applying;
        END IF;
        SELECT CONCAT('[', GROUP_CONCAT(entry_as_json(
            ${entry}) SEPARATOR ','), ']')
        INTO v_entries FROM pulled_entry WHERE log_id > v_cursor AND log_id <= v_upto;
        IF v_entries IS NULL THEN
            SET v_problem = CONCAT('the entry ', v_upto, ' is larger than max_allowed_packet. Raise it on every node.');
            CALL refuse(v_problem);
        END IF;
        CALL append_entries(p_epoch, TRUE, v_entries, v_added);
        UPDATE peer_job SET alive_at = UTC_TIMESTAMP(6) WHERE job_id = @job_id;  -- in memory: seen before the commit
        SELECT MAX(log_id) INTO v_ends FROM pulled_entry
        WHERE transaction_id IN (SELECT transaction_id FROM pulled_entry AS part WHERE log_id > v_cursor AND log_id <= v_upto AND log_type = 'ROW');
        SET v_cursor = v_upto, v_reach = GREATEST(v_reach, COALESCE(v_ends, 0));
        IF v_cursor >= v_reach THEN
            COMMIT;
            START TRANSACTION;
        END IF;
    END LOOP;
    COMMIT;
    DROP TEMPORARY TABLE pulled_entry;
    SET SESSION group_concat_max_len = v_longest;
END
