-- Does the same for entries that the caller has just added to the log: the second half of an append whose rows came by an
-- INSERT of several rows, which costs a third less than append_entries, where the server takes them out of JSON.
-- Inputs, errors: as store_entries. Not to be repeated for the same entries: it counts them (store_added).
CREATE OR REPLACE PROCEDURE store_appended(IN p_entries LONGTEXT)
    SQL SECURITY DEFINER
BEGIN
    CALL give_entries(p_entries);
    CALL store_added();
END
