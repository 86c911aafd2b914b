-- Puts a node that takes writes into the mode in which it follows, in the caller's transaction; takes the mode row
-- exclusively, which is the barrier. Main follows in RECOVERING, Node A in VICE. May be repeated.
CREATE OR REPLACE PROCEDURE close_mode()
    SQL SECURITY DEFINER
    UPDATE node_config SET config_value = IF(config_value = 'PRIMARY', 'RECOVERING', 'VICE')
    WHERE config_key = 'node_mode' AND config_value IN ('PRIMARY', 'ACTING_MASTER')
