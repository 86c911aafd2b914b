-- Writes the entry of an inserted row.
CREATE OR REPLACE TRIGGER ${trigger}
AFTER INSERT ON `${table}` FOR EACH ROW
BEGIN
    IF @federated_operation IS NULL OR CAST(@federated_operation AS CHAR) <> '${secret}' THEN
        ${size_check}
        CALL write_entry('INSERT', '${table}', ${new_record}, NULL, ${new_image});
    END IF;
END
