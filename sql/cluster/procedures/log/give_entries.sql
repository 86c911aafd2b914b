-- Fills given_entry anew (clear_given). Input: entries of this node's log as a JSON array of [epoch, log_id]. May be repeated.
CREATE OR REPLACE PROCEDURE give_entries(IN p_entries LONGTEXT)
    SQL SECURITY DEFINER
BEGIN
    CALL clear_given();
    INSERT INTO given_entry (epoch, log_id)
    SELECT DISTINCT epoch, log_id
    FROM JSON_TABLE(p_entries, '$[*]' COLUMNS (epoch INT UNSIGNED PATH '$[0]', log_id BIGINT UNSIGNED PATH '$[1]')) AS given;
END
