-- What the application may do with one replicated table. May be repeated.
GRANT SELECT, INSERT, UPDATE, DELETE ON `${database}`.`${table}` TO '${application_user}'@'%'
