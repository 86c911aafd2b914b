-- Writes the entry of a deleted row.
CREATE OR REPLACE TRIGGER ${trigger}
AFTER DELETE ON `${table}` FOR EACH ROW
BEGIN
    IF @federated_operation IS NULL OR CAST(@federated_operation AS CHAR) <> '${secret}' THEN
        CALL write_entry('DELETE', '${table}', ${old_record}, ${old_image}, NULL);
    END IF;
END
