-- Announces to the primary, before this node follows it, that it will: note_follower there. Inputs: the primary, its epoch.
-- Errors: 45001 it did not hear that; this node may not follow then. May be repeated.
CREATE OR REPLACE PROCEDURE announce_follower(IN p_primary VARCHAR(16), IN p_epoch INT UNSIGNED)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_answer VARCHAR(1000);
    DECLARE v_problem TEXT;
    CALL rpc_call(p_primary, 'followed', p_epoch, NULL, v_answer, v_problem);
    IF v_problem IS NOT NULL THEN
        CALL refuse(CONCAT(node_label(p_primary), ' does not answer: ', v_problem, '. Try again.'));
    END IF;
END
