-- Calls check_main_health() every two seconds, once somebody enables it on Node A.
CREATE EVENT IF NOT EXISTS watch_main ON SCHEDULE EVERY 2 SECOND DISABLE DO CALL check_main_health()
