IF FIND_IN_SET('${table}', p_tables) THEN
    CALL `${routine}`(NULL, v_problem);
    IF v_problem IS NOT NULL THEN
        BEGIN
            DECLARE v_over BOOLEAN DEFAULT FALSE;
            DECLARE v_record VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
            DECLARE records CURSOR FOR
                SELECT DISTINCT record_id FROM given_entry JOIN transaction_log USING (log_id, epoch) WHERE table_name = '${table}';
            DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_over = TRUE;
            OPEN records;
            singly: LOOP
                FETCH records INTO v_record;
                IF v_over THEN
                    LEAVE singly;
                END IF;
                CALL `${routine}`(v_record, v_problem);
                IF v_problem IS NOT NULL THEN
                    CALL quarantine('${table}', v_record, v_problem);
                END IF;
            END LOOP;
            CLOSE records;
        END;
    END IF;
END IF;
