-- Whether an error says nothing about the rows that were to be stored, so that the same append may succeed later: a lock
-- or deadlock, a statement that was ended, a server that stops, disk or memory that is full.
CREATE OR REPLACE FUNCTION is_passing(p_number INT) RETURNS BOOLEAN
    DETERMINISTIC NO SQL
    RETURN p_number IN (1205, 1213, 1317, 1927, 1969, 1053, 1021, 1030, 1037, 1041, 1114, 1206)
