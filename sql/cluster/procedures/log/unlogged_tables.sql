-- The replicated tables of this node that lack a guard or log trigger, separated by commas; NULL for none. A table that was
-- renamed into place has none, whatever triggers others gave it: what is written there is in no log.
CREATE OR REPLACE FUNCTION unlogged_tables() RETURNS TEXT
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_known TEXT DEFAULT replicated_tables();
    DECLARE v_lacking TEXT;
    SELECT GROUP_CONCAT(TABLE_NAME ORDER BY TABLE_NAME SEPARATOR ', ') INTO v_lacking
    FROM (SELECT TABLE_NAME FROM information_schema.TABLES
          WHERE TABLE_SCHEMA = DATABASE() AND FIND_IN_SET(CONVERT(TABLE_NAME USING utf8mb4) COLLATE utf8mb4_bin, v_known)) AS present
    WHERE TABLE_NAME NOT IN (SELECT EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()
                             GROUP BY EVENT_OBJECT_TABLE HAVING SUM(ACTION_STATEMENT LIKE '%guard\_write()%') = 3
                                AND SUM(ACTION_STATEMENT LIKE '%write\_entry(%') = 3);
    RETURN v_lacking;
END
