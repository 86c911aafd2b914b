-- Probes another node from this server, over a connection of its own: can a write be committed there?
-- One session at a time (rpc_lock_name); who finds that another one has not come back reads silent.
-- Inputs: the other node's name; set-up stored its address and account as the server mco2_<name>.
-- Answers one row: reached (it committed a heartbeat), gone (it takes no new connection), full (it
-- has none free) or silent. The server cuts reasons short: behind a host name of over 30 characters gone reads as silent.
-- Errors: 1159, which no handler catches, when the other node falls silent within the write. May be repeated.
CREATE OR REPLACE PROCEDURE probe_peer(IN p_node VARCHAR(16))
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_reached BOOLEAN DEFAULT FALSE;
    DECLARE v_problem TEXT DEFAULT '';
    DO RELEASE_LOCK(@line);  -- of a probe that broke off
    SET @line = rpc_lock_name(p_node);
    IF GET_LOCK(@line, 0.5) THEN
        BEGIN
            DECLARE EXIT HANDLER FOR SQLEXCEPTION GET DIAGNOSTICS CONDITION 1 v_problem = MESSAGE_TEXT;
            -- Without a list of columns: only then the server says why it cannot connect.
            EXECUTE IMMEDIATE CONCAT('CREATE OR REPLACE TEMPORARY TABLE peer_config ENGINE=FEDERATED',
                                     ' CONNECTION=''mco2_', p_node, '/node_config''');
            UPDATE peer_config SET config_value = UTC_TIMESTAMP(6) WHERE config_key = 'heartbeat';
            DO (SELECT COUNT(*) FROM peer_config WHERE config_key = '');  -- see rpc_lock_name
            SET v_reached = TRUE;
        END;
        DO RELEASE_LOCK(@line);
    END IF;
    SELECT CASE WHEN v_reached THEN 'reached'
                WHEN v_problem LIKE '%(111%' THEN 'gone'
                WHEN v_problem LIKE '%oo many connections%' THEN 'full'
                ELSE 'silent' END AS reachability;
END
