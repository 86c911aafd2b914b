-- Waits until a peer has reported its state and keeps it in peer_status. Inputs: the peer, the job that asks it.
CREATE OR REPLACE PROCEDURE end_probe(IN p_peer VARCHAR(16), IN p_job BIGINT UNSIGNED)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_state VARCHAR(1000) CHARACTER SET utf8mb4;
    DECLARE v_problem TEXT;
    CALL await_job(p_job, 1, v_state, v_problem);
    CALL save_peer_status(p_peer, v_state, v_problem);
END
