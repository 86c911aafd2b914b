-- The user lock of whoever calls a peer: one thread at a time, for two reasons. Where packets are lost its holder does not come back
-- for two minutes and cannot be ended, and others must not leave one more such thread behind each. And FederatedX keeps with an
-- idle connection the session that wrote over it last: where that has ended, closing the connection may hang the server (seen with
-- 10.11), so each writer reads once more over the connection that it has just given back, and nobody may take it in between.
-- Every ten seconds it is another lock, so one more may try: the peer may be back.
CREATE OR REPLACE FUNCTION rpc_lock_name(p_peer VARCHAR(16)) RETURNS VARCHAR(64) CHARSET ascii
    NO SQL
    SQL SECURITY DEFINER
    RETURN CONCAT(DATABASE(), '.line.', p_peer, '.', FLOOR(UNIX_TIMESTAMP() / 10))
