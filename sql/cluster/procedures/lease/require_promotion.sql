-- Checks that the newest PROMOTION in this node's log is that of p_epoch.
-- Invariant (a), the boundary rule: a node holds PROMOTION(e) only after every canonical entry before e.
-- Errors: 45002 it is another one.
CREATE OR REPLACE PROCEDURE require_promotion(IN p_epoch INT UNSIGNED)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_led INT UNSIGNED DEFAULT (
        SELECT COALESCE(MAX(epoch), 0) FROM transaction_log WHERE table_name = '' AND record_id = 'PROMOTION');
    DECLARE v_sentence VARCHAR(200);
    IF v_led <> p_epoch THEN
        SET v_sentence = CONCAT('epoch ', p_epoch, ' has not begun in this node''s log; its newest promotion is of epoch ', v_led, '.');
        SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${stale_epoch}, MESSAGE_TEXT = v_sentence;
    END IF;
END
