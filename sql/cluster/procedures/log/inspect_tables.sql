-- Notes in node_config (defect) what is wrong with the replicated tables of this node, in a sentence that says what helps; empty
-- when nothing is. Who reads it does not promote the node. Called by the replicator now and then. May be repeated.
CREATE OR REPLACE PROCEDURE inspect_tables()
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_known TEXT DEFAULT replicated_tables();
    DECLARE v_name VARCHAR(16) DEFAULT (SELECT config_value FROM node_config WHERE config_key = 'node_name');
    DECLARE v_unlogged TEXT DEFAULT unlogged_tables();
    DECLARE v_elsewhere TEXT DEFAULT tables_outside_innodb();
    DECLARE v_cascading, v_defect TEXT;
    -- InnoDB's own list: the standard one opens every table. TYPE: what the key does by itself, in bits below 16.
    SELECT GROUP_CONCAT(DISTINCT name SEPARATOR ', ') INTO v_cascading
    FROM (SELECT SUBSTRING_INDEX(FOR_NAME, '/', -1) AS name FROM information_schema.INNODB_SYS_FOREIGN
          WHERE TYPE & 15 AND SUBSTRING_INDEX(FOR_NAME, '/', 1) = REPLACE(DATABASE(), '-', '@002d')) AS changing
    WHERE FIND_IN_SET(CONVERT(name USING utf8mb4) COLLATE utf8mb4_bin, v_known);
    SET v_defect = CASE
        WHEN v_unlogged IS NOT NULL THEN CONCAT(v_unlogged,
            ' lacks its triggers, so what is written there is in no log. Run setup_nodes ', v_name, '.')
        WHEN v_elsewhere IS NOT NULL THEN CONCAT(v_elsewhere,
            ' is not stored by InnoDB, so a write that fails stays there without its entry. ALTER TABLE ', v_elsewhere, ' ENGINE = InnoDB.')
        WHEN v_cascading IS NOT NULL THEN CONCAT('A foreign key of ', v_cascading,
            ' cascades in the database, which no log shows. Make it anew without ON DELETE or ON UPDATE.')
        ELSE '' END;
    UPDATE node_config SET config_value = LEFT(v_defect, 255) WHERE config_key = 'defect' AND config_value <> LEFT(v_defect, 255);
END
