-- The lease of this node: no row, or one (epoch, source_node, expires_at in seconds since 1970 on this server's own
-- clock). There is one while the epoch of lease_end is that of write_lease and was not given up. May be repeated.
CREATE OR REPLACE VIEW lease AS
SELECT epoch, source_node, (next_not_cached_value & 4398046511103) / 1000 AS expires_at
FROM lease_end JOIN write_lease ON epoch = next_not_cached_value >> 42
WHERE next_not_cached_value & 4398046511103 BETWEEN 1 AND 4398046511102
