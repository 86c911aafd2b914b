-- The application may call one public procedure. May be repeated.
GRANT EXECUTE ON PROCEDURE `${database}`.`${procedure}` TO '${application_user}'@'%'
