-- Makes Node A the primary because Main takes no writes. Answers one row with what it did. Call it on Node A.
-- Errors: 45001 Main is healthy, no majority, wrong node: nothing is changed then. May be repeated.
CREATE OR REPLACE PROCEDURE promote_to_acting_master()
    SQL SECURITY DEFINER
promoting: BEGIN
    CALL require_console('node_a', 'promote_to_acting_master');
    CALL probe_peers();
    IF takes_writes('node_a') THEN
        CALL keep_lease();
        SELECT '${already_acting}' AS message;
        LEAVE promoting;
    END IF;
    IF takes_writes('main') THEN
        CALL refuse('Main is healthy and takes the writes. To hand over in good order use switchover --to node_a, or stop Main first.');
    END IF;
    CALL promote_node('node_a', 'promote_to_acting_master()', 10, FALSE);
    SELECT '${promoted}' AS message;
END
