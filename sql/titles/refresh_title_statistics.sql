-- Counts the mean rating (C) and the votes threshold (m, 95th percentile by nearest rank) of all rated titles anew.
-- Titles take them over when they are next written. Writes nothing if nothing has changed. May be repeated.
-- Answers one row: transaction_id, message. Errors: 45001 not writable here, 45003 not acknowledged.
CREATE OR REPLACE PROCEDURE refresh_title_statistics()
BEGIN
    DECLARE v_transaction VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin;
    DECLARE v_done BOOLEAN;
    DECLARE v_titles, v_rated, v_threshold BIGINT;
    DECLARE v_mean DECIMAL(6, 4);
    CALL begin_write(NULL, 'title_statistics', '1', v_transaction, v_done);
    BEGIN
        DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN CALL abandon_write(v_transaction); RESIGNAL; END;
        IF NOT v_done THEN
            CALL count_titles(v_titles, v_rated, v_mean, v_threshold);
            CALL store_statistics(v_titles, v_rated, v_mean, v_threshold);
        END IF;
        CALL finish_write(v_transaction, v_done,
                          CONCAT('Mean rating ', v_mean, ', votes threshold ', v_threshold, ', from ', v_rated, ' rated titles.'));
    END;
END
