-- Runs the primitive that another node calls, in that node's transaction: state, claim, consent, follow, followed, append, promote.
-- A trigger can neither raise lease_end nor commit, so a claim closes the mode instead: the guard refuses every write from
-- then on, and a lease of the old epoch cannot be renewed (invariant (b)).
-- Inputs: the verb, its epoch, its argument (JSON). Out: what it answers, JSON or NULL. Errors: those of the primitive.
CREATE OR REPLACE PROCEDURE rpc_dispatch(
    IN p_verb VARCHAR(16), IN p_epoch INT UNSIGNED, IN p_argument LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    OUT p_answer LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_done BOOLEAN;
    DECLARE v_mode VARCHAR(255);
    DECLARE v_promised, v_added INT;
    DECLARE v_consent_epoch INT UNSIGNED;
    DECLARE v_seconds DOUBLE;
    CASE p_verb
    WHEN 'state' THEN
        UPDATE node_config SET config_value = UTC_TIMESTAMP(6) WHERE config_key = 'heartbeat';
        CALL bound_consent();
        SET p_answer = own_state();
    WHEN 'claim' THEN
        CALL claim_here(p_epoch, p_argument, v_done, v_promised, v_consent_epoch, v_seconds);
        IF v_done THEN
            CALL close_mode();
        END IF;
        SET p_answer = JSON_OBJECT('claimed', v_done, 'promised', v_promised, 'consent_seconds', GREATEST(v_seconds, 0));
    WHEN 'consent' THEN
        CALL consent_here(p_epoch, p_argument);
    WHEN 'follow' THEN
        CALL lock_barrier(v_mode, v_promised);
        CALL follow_here(p_epoch);  -- first: a node that may still commit what it has prepared is not let out of its mode
        IF p_epoch > v_promised THEN
            CALL close_mode();
        END IF;
    WHEN 'followed' THEN
        CALL note_follower(p_epoch);
    WHEN 'append' THEN
        CALL append_entries(p_epoch, FALSE, p_argument, v_added);
        SET p_answer = v_added;
    WHEN 'reconcile' THEN
        CALL append_entries(p_epoch, TRUE, p_argument, v_added);
        SET p_answer = v_added;
    WHEN 'promote' THEN
        CALL promotion_here(p_epoch, p_argument, (SELECT CONCAT(UPPER(config_value), '_PROMOTION') FROM node_config WHERE config_key = 'node_name'));
    WHEN 'open' THEN
        CALL require_promise(p_epoch);
        CALL require_promotion(p_epoch);
        UPDATE node_config SET config_value = p_argument WHERE config_key = 'node_mode';
    ELSE
        SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${invalid}, MESSAGE_TEXT =
            'This node does not know that call: its scripts are of another version. Source its sqlconsole script again.';
    END CASE;
END
