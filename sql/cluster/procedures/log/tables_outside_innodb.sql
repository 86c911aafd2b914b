-- The replicated tables of this node that another engine stores, separated by commas; NULL for none. One by one, as unlogged_tables.
CREATE OR REPLACE FUNCTION tables_outside_innodb() RETURNS TEXT
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_rest TEXT DEFAULT replicated_tables();
    DECLARE v_name VARCHAR(64) CHARACTER SET utf8mb3;
    DECLARE v_elsewhere TEXT;
    DECLARE v_other BOOLEAN;
    WHILE v_rest <> '' DO
        SET v_name = SUBSTRING_INDEX(v_rest, ',', 1), v_rest = SUBSTRING(v_rest, CHAR_LENGTH(v_name) + 2);
        SELECT COUNT(*) INTO v_other FROM information_schema.TABLES
        WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = v_name AND ENGINE <> 'InnoDB';
        SET v_elsewhere = CONCAT_WS(', ', v_elsewhere, IF(v_other, v_name, NULL));
    END WHILE;
    RETURN NULLIF(v_elsewhere, '');
END
