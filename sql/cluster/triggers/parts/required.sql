-- A lenient session may leave it to the server what is stored in place of NULL, and no trigger sees what that is.
IF ${is_missing} THEN
    SIGNAL SQLSTATE '23000' SET MYSQL_ERRNO = 1048, MESSAGE_TEXT = 'A column that must have a value cannot be null: ${names}';
END IF;
