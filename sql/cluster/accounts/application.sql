-- The application's account: rows of the replicated tables, the public procedures, reading log and
-- config. It can set no apply flag and write no log; it may not TRUNCATE (that needs DROP).
-- The grants per table and routine follow below from the lists of set-up. May be repeated.
CREATE USER IF NOT EXISTS '${application_user}'@'%' IDENTIFIED BY '${application_password}'
-- ;;
ALTER USER '${application_user}'@'%' IDENTIFIED BY '${application_password}'
-- ;;
-- The rest is for the cluster and for operators, however many sessions the application opens.
BEGIN NOT ATOMIC
    EXECUTE IMMEDIATE CONCAT('ALTER USER ''${application_user}''@''%'' WITH MAX_USER_CONNECTIONS ',
                             GREATEST(@@GLOBAL.max_connections - 40, @@GLOBAL.max_connections DIV 2));
END
-- ;;
-- Whoever has nothing on the whole database is shown no keys and constraints of its own tables either (inspectdb).
-- The server asks for this one nowhere.
GRANT REFERENCES ON `${database}`.* TO '${application_user}'@'%'
-- ;;
GRANT SELECT ON `${database}`.transaction_log TO '${application_user}'@'%'
-- ;;
GRANT SELECT ON `${database}`.node_config TO '${application_user}'@'%'
-- ;;
GRANT SELECT ON `${database}`.lease TO '${application_user}'@'%'
