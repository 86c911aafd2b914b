-- An entry of the log as append_entries takes it. One character set for all parts, or the server refuses to join them.
CREATE OR REPLACE FUNCTION entry_as_json(
        ${entry_parameters})
    RETURNS LONGTEXT
    DETERMINISTIC NO SQL
    RETURN JSON_OBJECT(
        ${entry_pairs})
