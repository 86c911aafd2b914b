-- The columns and the primary key of a table, as a federated table that stands for it on another node names them. Other
-- indexes stay away: the engine takes no FULLTEXT, and the protocol reads by key.
CREATE OR REPLACE FUNCTION federated_columns(p_table VARCHAR(64)) RETURNS TEXT
    READS SQL DATA
    SQL SECURITY DEFINER
    RETURN (
        SELECT CONCAT(
            GROUP_CONCAT(CONCAT('`', COLUMN_NAME, '` ', COLUMN_TYPE,
                IF(COLLATION_NAME IS NULL, '', CONCAT(' CHARACTER SET ', CHARACTER_SET_NAME, ' COLLATE ', COLLATION_NAME)),
                IF(IS_NULLABLE = 'NO', ' NOT NULL', ' NULL')) ORDER BY ORDINAL_POSITION),
            ', PRIMARY KEY (',
            (SELECT GROUP_CONCAT(CONCAT('`', COLUMN_NAME, '`') ORDER BY SEQ_IN_INDEX) FROM information_schema.STATISTICS
             WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = p_table AND INDEX_NAME = 'PRIMARY'), ')')
        FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = p_table)
