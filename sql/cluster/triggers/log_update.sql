-- Writes the entry of a changed row. A changed key is two records to the log: one goes, one comes. UPDATE IGNORE leaves a row as it
-- was whose new values another row or a missing one forbids, and fires this all the same: then there is nothing to write.
CREATE OR REPLACE TRIGGER ${trigger}
AFTER UPDATE ON `${table}` FOR EACH ROW
BEGIN
    IF @federated_operation IS NULL OR CAST(@federated_operation AS CHAR) <> '${secret}' THEN
        ${size_check}
        IF BINARY ${old_record} = BINARY ${new_record} THEN
            IF ${uncontested} OR EXISTS (SELECT 1 FROM `${table}` AS own WHERE ${is_changed}) THEN
                CALL write_entry('UPDATE', '${table}', ${new_record}, ${old_image}, ${new_image});
            END IF;
        ELSEIF NOT EXISTS (SELECT 1 FROM `${table}` AS own WHERE ${is_left}) THEN
            CALL write_entry('DELETE', '${table}', ${old_record}, ${old_image}, NULL);
            CALL write_entry('INSERT', '${table}', ${new_record}, NULL, ${new_image});
        END IF;
    END IF;
END
