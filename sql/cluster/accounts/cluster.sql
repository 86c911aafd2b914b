-- The cluster's own account: owns the kernel on this node. Runs as the admin account at set-up.
-- PROCESS: to see which transactions are open (late commits). May be repeated.
CREATE USER IF NOT EXISTS '${cluster_user}'@'%' IDENTIFIED BY '${cluster_password}'
-- ;;
ALTER USER '${cluster_user}'@'%' IDENTIFIED BY '${cluster_password}'
-- ;;
GRANT ALL PRIVILEGES ON `${database}`.* TO '${cluster_user}'@'%'
-- ;;
GRANT PROCESS ON *.* TO '${cluster_user}'@'%'
