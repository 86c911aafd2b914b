-- Whether this server's clock has stepped back behind the begin of the lease of an epoch: then nobody can tell how much of
-- it is over. 50 ms are forgiven: a consent outlasts its lease by more.
CREATE OR REPLACE FUNCTION is_overtaken(p_epoch INT UNSIGNED) RETURNS BOOLEAN
    READS SQL DATA
    SQL SECURITY DEFINER
    RETURN (SELECT next_not_cached_value FROM lease_begin) > (p_epoch << 42) + UNIX_TIMESTAMP(SYSDATE(6)) * 1000 + 50
