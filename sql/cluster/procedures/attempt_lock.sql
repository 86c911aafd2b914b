-- The user lock of whoever connects to a peer that has failed. Where packets are lost its holder does not come back for two
-- minutes and cannot be ended; others let the peer be meanwhile, instead of leaving one more such session behind each.
-- Every ten seconds it is another lock, so one more may try: the peer may be back.
CREATE OR REPLACE FUNCTION attempt_lock(p_peer VARCHAR(16)) RETURNS VARCHAR(64) CHARSET ascii
    NO SQL
    SQL SECURITY DEFINER
    RETURN CONCAT(DATABASE(), '.attempt.', p_peer, '.', FLOOR(UNIX_TIMESTAMP() / 10))
