-- Refuses a node that takes no part: its promise is negative while it is rebuilt (rebuild_node withdraws it).
-- Inputs: the promise. Errors: 45002 it takes no part.
CREATE OR REPLACE PROCEDURE require_member(IN p_promised INT)
    SQL SECURITY DEFINER
BEGIN
    IF p_promised < 0 THEN
        SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${stale_epoch}, MESSAGE_TEXT =
            'this node is being rebuilt and takes no part until rebuild_node has ended.';
    END IF;
END
