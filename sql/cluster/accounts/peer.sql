-- Where this node finds another one, and as whom it signs in there (look_at). Runs as the admin account.
-- The password is readable to accounts that may read mysql.servers alone. May be repeated.
CREATE OR REPLACE SERVER `mco2_${peer}` FOREIGN DATA WRAPPER mysql OPTIONS (
    HOST '${host}', PORT ${port}, DATABASE '${database}', USER '${cluster_user}', PASSWORD '${cluster_password}')
