-- Makes the temporary table given_entry (epoch, log_id), empty: the entries whose records store_given brings to their newest
-- images. Made once a session, since the server parses every procedure anew after a temporary table was made. May be repeated.
CREATE OR REPLACE PROCEDURE clear_given()
    SQL SECURITY DEFINER
BEGIN
    CREATE TEMPORARY TABLE IF NOT EXISTS given_entry (
        epoch INT UNSIGNED NOT NULL, log_id BIGINT UNSIGNED NOT NULL, PRIMARY KEY (log_id, epoch)) ENGINE = Aria TRANSACTIONAL = 0;
    DELETE FROM given_entry;
END
