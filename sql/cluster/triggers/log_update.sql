-- Writes the entry of a changed row. A changed key is two records to the log: one goes, one comes.
CREATE OR REPLACE TRIGGER ${table}_log_update
AFTER UPDATE ON `${table}` FOR EACH ROW
BEGIN
    IF @federated_operation IS NULL OR CAST(@federated_operation AS CHAR) <> '${secret}' THEN
        IF BINARY ${old_record} = BINARY ${new_record} THEN
            CALL write_entry('UPDATE', '${table}', ${new_record}, ${old_image}, ${new_image});
        ELSE
            CALL write_entry('DELETE', '${table}', ${old_record}, ${old_image}, NULL);
            CALL write_entry('INSERT', '${table}', ${new_record}, NULL, ${new_image});
        END IF;
    END IF;
END
