-- The application's rights on one replicated table that is not there any more.
REVOKE ALL PRIVILEGES ON `${database}`.`${table}` FROM '${application_user}'@'%'
