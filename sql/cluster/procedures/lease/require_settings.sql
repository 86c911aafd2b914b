-- Refuses a server that cannot reach the others as the SQL console needs it. Errors: 45004, naming the setting.
CREATE OR REPLACE PROCEDURE require_settings()
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_sentence VARCHAR(500);
    IF NOT EXISTS (SELECT 1 FROM information_schema.ENGINES WHERE ENGINE = 'FEDERATED' AND SUPPORT IN ('YES', 'DEFAULT')) THEN
        SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${invalid}, MESSAGE_TEXT =
            'The FederatedX plugin is not installed on this server. Run INSTALL SONAME ''ha_federatedx'' as an administrator.';
    END IF;
    IF @@GLOBAL.net_read_timeout > 2 THEN
        SET v_sentence = CONCAT('net_read_timeout is ', @@GLOBAL.net_read_timeout, ' s on this server, so a frozen peer would hold a writer ',
            'that long. Run SET GLOBAL net_read_timeout = 2 and put net-read-timeout = 2 into the server''s configuration.');
        SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${invalid}, MESSAGE_TEXT = v_sentence;
    END IF;
    IF @@GLOBAL.event_scheduler <> 'ON' THEN
        SET v_sentence = CONCAT('The event scheduler of this server is off, whose threads call the other nodes. ',
            'Run SET GLOBAL event_scheduler = ON and put event-scheduler = ON into the server''s configuration.');
        SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${invalid}, MESSAGE_TEXT = v_sentence;
    END IF;
END
