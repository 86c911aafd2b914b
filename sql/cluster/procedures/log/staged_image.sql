-- An image put together from its pieces in staged_piece, NULL where there are none. Inputs: the entry, whether it is the new image. The
-- caller's session has a group_concat_max_len that it fits into.
CREATE OR REPLACE FUNCTION staged_image(p_log_id BIGINT UNSIGNED, p_epoch INT UNSIGNED, p_is_new BOOLEAN) RETURNS LONGTEXT
    READS SQL DATA
    SQL SECURITY DEFINER
    RETURN (SELECT CONVERT(GROUP_CONCAT(content ORDER BY start SEPARATOR '') USING utf8mb4)
            FROM staged_piece WHERE log_id = p_log_id AND epoch = p_epoch AND is_new = p_is_new)
