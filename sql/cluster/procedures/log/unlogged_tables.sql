-- The replicated tables of this node that lack a guard or log trigger, separated by commas; NULL for none. A table that was
-- renamed into place has none, whatever triggers others gave it: what is written there is in no log.
CREATE OR REPLACE FUNCTION unlogged_tables() RETURNS TEXT
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_rest TEXT DEFAULT replicated_tables();
    DECLARE v_name VARCHAR(64) CHARACTER SET utf8mb3;
    DECLARE v_lacking TEXT;
    DECLARE v_logged, v_present BOOLEAN;
    -- One by one, in the character set of names: only where schema and name stand alone, and need no conversion, does the server open
    -- no other table of the database, which may have thousands.
    WHILE v_rest <> '' DO
        SET v_name = SUBSTRING_INDEX(v_rest, ',', 1), v_rest = SUBSTRING(v_rest, CHAR_LENGTH(v_name) + 2);
        SELECT SUM(ACTION_STATEMENT LIKE '%guard\_write()%') = 3 AND SUM(ACTION_STATEMENT LIKE '%write\_entry(%') = 3 INTO v_logged
        FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE = v_name;
        IF NOT COALESCE(v_logged, FALSE) THEN
            SELECT COUNT(*) INTO v_present FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = v_name;
            SET v_lacking = CONCAT_WS(', ', v_lacking, IF(v_present, v_name, NULL));
        END IF;
    END WHILE;
    RETURN NULLIF(v_lacking, '');
END
