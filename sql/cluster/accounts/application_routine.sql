-- The application may call one public procedure or function. May be repeated.
GRANT EXECUTE ON ${kind} `${database}`.`${routine}` TO '${application_user}'@'%'
