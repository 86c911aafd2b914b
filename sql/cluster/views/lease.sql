-- The lease of this node: no row, or one (epoch, source_node, expires_at in seconds since 1970 on this server's own
-- clock). There is one while the epoch of lease_end is that of write_lease, was not given up, and the clock has not stepped back
-- behind lease_begin (50 ms are forgiven: a consent outlasts its lease by more). May be repeated.
CREATE OR REPLACE VIEW lease AS
SELECT epoch, source_node, (lease_end.next_not_cached_value & 4398046511103) / 1000 AS expires_at
FROM lease_end JOIN write_lease ON epoch = lease_end.next_not_cached_value >> 42 JOIN lease_begin
WHERE lease_end.next_not_cached_value & 4398046511103 BETWEEN 1 AND 4398046511102
  AND lease_begin.next_not_cached_value <= (epoch << 42) + UNIX_TIMESTAMP(SYSDATE(6)) * 1000 + 50
