-- Lets a Node A or Node B that was away catch up with the primary while writes go on, and into the mode of a follower. Answers one
-- row with what it did. The replicator does this by itself; call it where none runs, or where a promotion was refused because
-- this node lacks a transaction that is too large for a call. Main has recover_from_node_a().
-- Errors: 45001 on Main, or no primary answers: nothing is changed then. May be repeated.
CREATE OR REPLACE PROCEDURE catch_up()
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_own VARCHAR(16) DEFAULT (SELECT config_value FROM node_config WHERE config_key = 'node_name');
    DECLARE v_primary VARCHAR(16) DEFAULT 'main';
    DECLARE v_epoch INT;
    DECLARE v_before BIGINT;
    IF v_own = 'main' THEN
        CALL refuse('This is Main. Call recover_from_node_a() here, and catch_up() on Node A or Node B.');
    END IF;
    CALL require_console(v_own, 'catch_up');
    CALL probe_peers();
    IF v_own <> 'node_a' AND (takes_writes('node_a') OR has_begun('node_a')) THEN
        SET v_primary = 'node_a';
    END IF;
    SET v_epoch = seen(v_primary, 'promised');  -- once: another session may probe again at any moment
    IF NOT takes_writes(v_primary) AND NOT has_begun(v_primary) THEN
        CALL refuse('There is nobody to catch up from: no node that takes writes answers. Call check_main_health() on Node A.');
    END IF;
    SELECT COUNT(*) INTO v_before FROM transaction_log;
    CALL announce_follower(v_primary, v_epoch);
    CALL catch_up_from(v_primary, v_epoch);
    CALL change_mode(IF(v_own = 'node_a', 'VICE', 'REPLICA'), v_epoch);
    SELECT CONCAT('Caught up with ', node_label(v_primary), '. Fetched ', COUNT(*) - v_before, ' entries.') AS message
    FROM transaction_log;
END
