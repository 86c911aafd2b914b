-- Whether Main, as look_at_peers saw it, is the primary of the newest epoch: its lease runs, or its writers may get one.
CREATE OR REPLACE FUNCTION main_takes_writes() RETURNS BOOLEAN
    READS SQL DATA
    SQL SECURITY DEFINER
    RETURN COALESCE(seen('main', 'mode') = 'PRIMARY' AND seen('main', 'primary') = 'main'
                    AND CAST(seen('main', 'promised') AS INTEGER) >= CAST(seen('node_a', 'promised') AS INTEGER), FALSE)
