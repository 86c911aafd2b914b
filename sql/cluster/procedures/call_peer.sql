-- Runs a primitive on another node and commits it there (answer_call). A peer that fails is remembered in peer_sight and
-- not called again until look_at_peers finds it back: it costs one caller at most 2 seconds, with no lock held here.
-- Inputs: the peer, verb, epoch, argument. Out: its answer; why not, NULL when it was done. Commits the session's
-- transaction, so it is called between transactions alone. May be repeated: every verb may.
CREATE OR REPLACE PROCEDURE call_peer(
    IN p_peer VARCHAR(16), IN p_verb VARCHAR(16), IN p_epoch INT UNSIGNED, IN p_argument LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    OUT p_answer LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, OUT p_problem TEXT)
    SQL SECURITY DEFINER
calling: BEGIN
    DECLARE v_patience INT DEFAULT @@SESSION.net_read_timeout;
    DECLARE v_caller VARCHAR(64) DEFAULT CONCAT(DATABASE(), '.', CONNECTION_ID());
    DECLARE v_attempts INT DEFAULT 0;
    SET p_answer = NULL, p_problem = NULL;
    SELECT CONCAT('no answer since ', failed_at, ': ', problem) INTO p_problem
    FROM peer_sight WHERE peer = p_peer AND failed_at IS NOT NULL;
    IF p_problem IS NOT NULL THEN
        LEAVE calling;
    END IF;
    -- Connecting to a frozen server waits twice for this.
    SET SESSION net_read_timeout = 1;
    REPEAT
        SET p_problem = NULL, v_attempts = v_attempts + 1;
        BEGIN
            DECLARE EXIT HANDLER FOR SQLEXCEPTION
            BEGIN
                GET DIAGNOSTICS CONDITION 1 p_problem = MESSAGE_TEXT;
                ROLLBACK;
            END;
            EXECUTE IMMEDIATE CONCAT('REPLACE INTO call_', p_peer, ' (caller, verb, epoch, argument) VALUES (?, ?, ?, ?)')
            USING v_caller, p_verb, p_epoch, p_argument;
            COMMIT;
            -- Read after the commit, over the same connection: an answer means that it was committed there.
            SET @call_answer = NULL, @call_verb = NULL;
            EXECUTE IMMEDIATE CONCAT('SELECT verb, answer INTO @call_verb, @call_answer FROM call_', p_peer, ' WHERE caller = ?')
            USING v_caller;
            COMMIT;
            SET p_answer = @call_answer;
            IF NOT @call_verb <=> p_verb THEN
                SET p_problem = 'the call was not kept there';
            END IF;
        END;
    -- A connection that an earlier restart of the peer has broken says so at once; a new one tells how the peer is.
    UNTIL v_attempts > 1 OR p_problem IS NULL OR p_problem NOT RLIKE ': (2006|2013|2055):' END REPEAT;
    SET SESSION net_read_timeout = v_patience;
    IF p_problem LIKE '%Error on remote system: 4500%' THEN
        SET p_problem = REGEXP_REPLACE(p_problem, "^.*remote system: [0-9]+: (.*?)'? from FEDERATED$", '\\1');
    ELSEIF p_problem IS NOT NULL THEN
        SET p_problem = LEFT(p_problem, 500);
        INSERT INTO peer_sight (peer, failed_at, problem) VALUES (p_peer, UTC_TIMESTAMP(6), p_problem)
        ON DUPLICATE KEY UPDATE failed_at = COALESCE(failed_at, UTC_TIMESTAMP(6)), problem = p_problem;
    END IF;
END
