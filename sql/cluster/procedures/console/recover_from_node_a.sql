-- Lets Main catch up with the acting Node A while writes go on: what the cluster did not keep is orphaned, what Main missed is
-- replayed. Answers its sentences, one row each. Cut off at any point, it is called again and goes on; a second session reads
-- the progress: SELECT config_value FROM node_config WHERE config_key = 'replayed_transactions'. Call it on Main.
-- Errors: 45001 wrong node, Node A does not answer or does not act, Main is new, 45002 Main was promoted meanwhile: nothing is
-- changed then.
CREATE OR REPLACE PROCEDURE recover_from_node_a()
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_epoch INT;
    DECLARE v_node VARCHAR(16) DEFAULT 'Main';
    DECLARE v_source VARCHAR(16) DEFAULT 'Node A';
    DECLARE v_at, v_replayed VARCHAR(32);
    CALL require_console('main', 'recover_from_node_a');
    CALL probe_peers();
    SET v_epoch = seen('node_a', 'promised');  -- once: another session may probe again at any moment
    IF seen('node_a', 'mode') IS NULL THEN
        CALL refuse(CONCAT('Main cannot be recovered: Node A does not answer (',
                           COALESCE((SELECT problem FROM peer_status WHERE peer = 'node_a'), ''),
                           '). Start it, then try again.'));
    ELSEIF NOT takes_writes('node_a') THEN
        CALL refuse(CONCAT('Main cannot be recovered: Node A is in ', seen('node_a', 'mode'),
                           ' mode and takes no writes, so there is nothing to fetch. ',
                           'Call promote_to_acting_master() on Node A if Main takes none either.'));
    ELSEIF CAST(seen('main', 'promised') AS INTEGER) <= 0 THEN
        CALL refuse('Main cannot be recovered: it is new, lost its data or is being rebuilt. Run rebuild_node main instead.');
    END IF;
    SET v_at = COALESCE(CONCAT(LEFT(seen('main', 'last_entry_at'), 19), ' UTC'), 'never');
    SELECT CONCAT(${last_at}) AS message;
    SELECT CONCAT(${fetching}) AS message;
    CALL announce_follower('node_a', v_epoch);
    IF seen('main', 'mode') <> 'RECOVERING' THEN
        CALL follow(v_epoch);  -- a Main that was promoted meanwhile refuses this, and stays open
        CALL change_mode('RECOVERING', v_epoch);
    END IF;
    CALL catch_up_from('node_a', v_epoch);
    SELECT config_value INTO v_replayed FROM node_config WHERE config_key = 'replayed_transactions';
    SELECT CONCAT(${recovered}) AS message;
    SELECT '${next_step}' AS message;
END
