IF v_twins > 0 THEN
    -- Two rows with keys that are equal by collation and not by letter: the record with the newer entry stays.
    DELETE due FROM `${due}` AS due
    JOIN `${table}` AS own ON ${same_key} AND ${is_twin}
    JOIN transaction_log AS later
      ON later.table_name = '${table}' AND later.record_id = CONVERT(${own_record} USING utf8mb4) COLLATE utf8mb4_nopad_bin
    WHERE (later.epoch, later.log_id) > (due.epoch, due.log_id);
END IF;
