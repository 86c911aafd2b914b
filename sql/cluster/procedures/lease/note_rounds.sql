-- Remembers in which round of the replication each node took part last, as far as this one knows, and that this one is in sync:
-- so that a node that comes back with an older disk is noticed (protocol/staleness.py). Never lowers a number.
-- Inputs: the epoch of the primary; a number for each node, 0 for unknown.
-- Errors: 45002 this node has promised another epoch. May be repeated.
CREATE OR REPLACE PROCEDURE note_rounds(IN p_epoch INT UNSIGNED, IN p_main BIGINT, IN p_node_a BIGINT, IN p_node_b BIGINT)
    SQL SECURITY DEFINER
BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
    START TRANSACTION;
    CALL require_promise(p_epoch);
    UPDATE node_config SET config_value = GREATEST(CAST(config_value AS INTEGER), p_main) WHERE config_key = 'round_main';
    UPDATE node_config SET config_value = GREATEST(CAST(config_value AS INTEGER), p_node_a) WHERE config_key = 'round_node_a';
    UPDATE node_config SET config_value = GREATEST(CAST(config_value AS INTEGER), p_node_b) WHERE config_key = 'round_node_b';
    COMMIT;
    -- After the commit: what is in memory claims nothing that is not on the disk.
    INSERT IGNORE INTO in_sync (epoch) SELECT p_epoch FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM in_sync);
END
