-- The name of the federated table through which this node reads a table of another one: <table>_<peer>, or what stands for it
-- where that is longer than a name may be.
CREATE OR REPLACE FUNCTION link_name(p_table VARCHAR(64), p_peer VARCHAR(16)) RETURNS VARCHAR(64)
    DETERMINISTIC NO SQL
    SQL SECURITY DEFINER
    RETURN COALESCE(JSON_VALUE('${shortened}', CONCAT('$.', p_table, '_', p_peer)), CONCAT(p_table, '_', p_peer))
