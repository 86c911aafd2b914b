-- rpc_call_within for a caller without a deadline of its own: it waits as long as any may. May be repeated: every verb may.
CREATE OR REPLACE PROCEDURE rpc_call(
    IN p_peer VARCHAR(16), IN p_verb VARCHAR(16), IN p_epoch INT UNSIGNED, IN p_argument LONGTEXT,
    OUT p_answer VARCHAR(1000), OUT p_problem TEXT)
    SQL SECURITY DEFINER
    CALL rpc_call_within(p_peer, p_verb, p_epoch, p_argument, 10, p_answer, p_problem)
