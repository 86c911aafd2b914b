-- Brings the records of given entries of this node's log to the images of their newest ones, in the caller's transaction
-- with the apply flag set. Inputs: these entries as a JSON array of [epoch, log_id]. Errors: as store_tables. May be repeated.
CREATE OR REPLACE PROCEDURE store_entries(IN p_entries LONGTEXT)
    SQL SECURITY DEFINER
BEGIN
    CALL clear_given();
    INSERT INTO given_entry (epoch, log_id)
    SELECT DISTINCT epoch, log_id
    FROM JSON_TABLE(p_entries, '$[*]' COLUMNS (epoch INT UNSIGNED PATH '$[0]', log_id BIGINT UNSIGNED PATH '$[1]')) AS given;
    CALL store_given();
END
