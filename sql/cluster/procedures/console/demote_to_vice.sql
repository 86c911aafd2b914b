-- Hands the writes back from Node A to a Main that has recovered: Node A closes (the barrier), the last entries go over, Main
-- begins a new epoch. Answers one row with what it did. If it fails half way, Node A goes on in an epoch of its own. Call it on
-- Node A. Errors: 45001 wrong node, Main does not answer or is behind, no majority. May be repeated.
CREATE OR REPLACE PROCEDURE demote_to_vice()
    SQL SECURITY DEFINER
demoting: BEGIN
    DECLARE v_missing BIGINT;
    DECLARE v_problem TEXT;
    CALL require_console('node_a', 'demote_to_vice');
    CALL probe_peers();
    IF NOT (seen('node_a', 'mode') = 'ACTING_MASTER' AND seen('node_a', 'primary') = 'node_a') THEN
        SELECT '${already_vice}' AS message;
        LEAVE demoting;
    END IF;
    IF seen('main', 'mode') IS NULL THEN
        CALL refuse(CONCAT('Node A cannot hand over: Main does not answer (', COALESCE((SELECT problem FROM peer_status WHERE peer = 'main'), ''),
                           '). Start Main, call recover_from_node_a() there, then try again.'));
    END IF;
    SET v_missing = GREATEST(CAST(seen('node_a', 'entries') AS INTEGER) - CAST(seen('main', 'entries') AS INTEGER), 0);
    IF CAST(seen('main', 'led') AS INTEGER) < CAST(seen('node_a', 'led') AS INTEGER) OR v_missing > ${nearly_caught_up} THEN
        CALL refuse(CONCAT('Main is ', v_missing, ' entries behind Node A. Call recover_from_node_a() on Main first.'));
    END IF;
    SELECT why_unfit('main') INTO v_problem;
    IF v_problem IS NOT NULL THEN
        CALL refuse(CONCAT('Node A cannot hand over: ', v_problem));
    END IF;
    BEGIN
        DECLARE EXIT HANDLER FOR SQLEXCEPTION
        BEGIN
            GET DIAGNOSTICS CONDITION 1 v_problem = MESSAGE_TEXT;
            ROLLBACK;
            CALL probe_peers();
            CALL promote_node('node_a', 'The demotion failed; Node A goes on.', 10, FALSE);
            CALL refuse(CONCAT('Node A goes on as ACTING_MASTER: ', v_problem));
        END;
        CALL promote_node('main', 'demote_to_vice()', 10, FALSE);
    END;
    SELECT '${demoted}' AS message;
END
