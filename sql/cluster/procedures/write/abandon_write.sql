-- Leaves nothing of a public write that failed: for EXIT HANDLERs, before RESIGNAL. After the commit
-- nothing is left to undo. Inputs: the id of begin_write, NULL if there is none yet. May be repeated.
CREATE OR REPLACE PROCEDURE abandon_write(IN p_transaction_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin)
    SQL SECURITY DEFINER
BEGIN
    ROLLBACK;
    CALL release_transaction_id(p_transaction_id);
END
