-- Begins to run a primitive on another node (exchange), whether that had failed or not.
-- Inputs: the peer, verb, epoch, argument. Out: the job, for await_job. Commits the session's transaction.
CREATE OR REPLACE PROCEDURE rpc_begin(
    IN p_peer VARCHAR(16), IN p_verb VARCHAR(16), IN p_epoch INT UNSIGNED, IN p_argument LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    OUT p_job BIGINT UNSIGNED)
    SQL SECURITY DEFINER
    CALL begin_job(p_peer, CONCAT(
        'CALL rpc_exchange(''', p_peer, ''', ''', p_verb, ''', ', COALESCE(p_epoch, 'NULL'), ', ', QUOTE(p_argument), ')'), p_job)
