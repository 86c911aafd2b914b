-- Brings the records that the entries of given_entry changed to the images of their newest entries, table by table, in the
-- caller's transaction with the apply flag set: a table's all at once, and where any of them fails one by one; what still
-- fails is quarantined. Input: the tables, separated by commas. Errors: what says nothing about the rows (is_passing).
-- May be repeated.
CREATE OR REPLACE PROCEDURE store_tables(IN p_tables TEXT)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_problem TEXT;
    ${tables}
END
