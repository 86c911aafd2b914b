-- Where this node finds another one, and as whom it signs in there (probe_peer). Runs as the admin account.
-- The password is readable to accounts that may read mysql.servers alone. What is there already stays: a server that is
-- made anew closes the connections to it. May be repeated.
BEGIN NOT ATOMIC
    IF NOT EXISTS (SELECT 1 FROM mysql.servers WHERE Server_name = 'mco2_${peer}' AND Host = '${host}' AND Port = ${port}
                   AND Db = '${database}' AND Username = '${cluster_user}' AND Password = '${cluster_password}') THEN
        CREATE OR REPLACE SERVER `mco2_${peer}` FOREIGN DATA WRAPPER mysql OPTIONS (
            HOST '${host}', PORT ${port}, DATABASE '${database}', USER '${cluster_user}', PASSWORD '${cluster_password}');
    END IF;
END
