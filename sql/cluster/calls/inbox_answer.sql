-- Answers a call of another node as it arrives; what it brought is not kept.
CREATE OR REPLACE TRIGGER inbox_answer
BEFORE INSERT ON inbox FOR EACH ROW
BEGIN
    DECLARE v_answer LONGTEXT;
    CALL rpc_dispatch(NEW.verb, NEW.epoch, NEW.argument, v_answer);
    SET NEW.answer = v_answer, NEW.answered = NEW.call_id, NEW.argument = NULL;
END
