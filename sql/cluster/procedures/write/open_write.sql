-- Opens a transaction for a public write and checks that this node takes it, before any row is locked: so a mode change
-- never waits for a writer that waits behind it. Called anew after a deadlock, which has rolled back the one before.
-- Errors: 45001 not writable here.
CREATE OR REPLACE PROCEDURE open_write()
    SQL SECURITY DEFINER
BEGIN
    COMMIT;  -- with autocommit off, reads have opened a transaction of their own
    CALL keep_lease();
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    START TRANSACTION;
    CALL guard_write();
END
