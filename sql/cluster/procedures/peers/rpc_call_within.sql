-- Runs a primitive on another node and commits it there (rpc_dispatch). A peer that fails is not called again until a probe
-- has found it back, which happens beside its callers and at once where it was only slow.
-- Inputs: the peer, verb, epoch, argument, seconds to wait, 1.8 at most: so a peer that fails costs one caller at most 2, with no lock
-- held here. Out: its answer; why not, NULL when it was done. Commits the session's
-- transaction, so it is called between transactions alone. May be repeated: every verb may.
CREATE OR REPLACE PROCEDURE rpc_call_within(
    IN p_peer VARCHAR(16), IN p_verb VARCHAR(16), IN p_epoch INT UNSIGNED, IN p_argument LONGTEXT,
    IN p_patience DOUBLE, OUT p_answer VARCHAR(1000), OUT p_problem TEXT)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_job BIGINT UNSIGNED;
    SET p_answer = NULL, p_problem = NULL;
    SELECT CONCAT('no answer since ', failed_at, ': ', problem) INTO p_problem
    FROM peer_status WHERE peer = p_peer AND failed_at IS NOT NULL;
    IF p_problem IS NOT NULL THEN
        CALL reprobe_later(p_peer);
    ELSE
        CALL rpc_begin(p_peer, p_verb, p_epoch, p_argument, v_job);
        CALL await_job(v_job, LEAST(p_patience, 1.8), p_answer, p_problem);
    END IF;
END
