-- Pieces of images that are too large to travel whole, until install_staged puts them together (staged_image). Their entry comes to
-- staged_entry, without images, after the last of them. is_new: of new_value, else of old_value; start: bytes before the piece.
-- May be repeated.
CREATE TABLE IF NOT EXISTS staged_piece (
    log_id BIGINT UNSIGNED NOT NULL,
    epoch INT UNSIGNED NOT NULL,
    transaction_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    is_new BOOLEAN NOT NULL,
    start BIGINT UNSIGNED NOT NULL,
    content LONGBLOB NOT NULL,
    PRIMARY KEY (log_id, epoch, is_new, start),
    KEY staged_piece_transaction (transaction_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
