-- Takes this node's place for one append at a time, in the caller's transaction: so the newest entry of a record is the newest
-- for good. A row of its own: whoever consents or claims never waits for an append that only stores. May be repeated.
CREATE OR REPLACE PROCEDURE lock_append()
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_locked VARCHAR(255);
    SELECT config_value INTO v_locked FROM node_config WHERE config_key = 'append' FOR UPDATE;
END
