-- Refuses a write where this node holds no lease; apply on a replica passes with the node's secret.
-- The flag is compared as text: as a number, a text without leading digits would equal 0. The secret stands
-- here by itself, since reading it from apply_secret made an upsert of a small row take 44 instead of 16 us; who may
-- see a trigger's body may read that table too.
CREATE OR REPLACE TRIGGER ${trigger}
BEFORE ${event} ON `${table}` FOR EACH ROW
BEGIN
    IF @federated_operation IS NULL OR CAST(@federated_operation AS CHAR) <> '${secret}' THEN
        CALL guard_write();
        ${required}
    END IF;
END
