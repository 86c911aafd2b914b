-- The work of a job that nobody awaits: keeps the state of a peer that is back. Input: the peer. Errors: it is not.
CREATE OR REPLACE PROCEDURE reprobe_peer(IN p_peer VARCHAR(16))
    SQL SECURITY DEFINER
BEGIN
    CALL rpc_exchange(p_peer, 'state', NULL, NULL);
    CALL save_peer_status(p_peer, @job_answer, NULL);
END
