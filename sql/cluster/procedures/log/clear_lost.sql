-- Makes the temporary table lost_id (epoch, log_id), empty: the entries that orphan_entries takes out of the log. May be repeated.
CREATE OR REPLACE PROCEDURE clear_lost()
    SQL SECURITY DEFINER
    CREATE OR REPLACE TEMPORARY TABLE lost_id (
        epoch INT UNSIGNED NOT NULL, log_id BIGINT UNSIGNED NOT NULL, PRIMARY KEY (log_id, epoch)) ENGINE = InnoDB
