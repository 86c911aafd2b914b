-- Brings the records of given entries of this node's log to the images of their newest ones, in the caller's transaction
-- with the apply flag set. Inputs: these entries as give_entries. Errors: as store_tables. May be repeated.
CREATE OR REPLACE PROCEDURE store_entries(IN p_entries LONGTEXT)
    SQL SECURITY DEFINER
BEGIN
    CALL give_entries(p_entries);
    CALL store_given();
END
