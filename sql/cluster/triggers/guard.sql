-- Refuses a write where this node holds no lease; apply on a replica passes with the node's secret.
-- The flag is compared as text: as a number, any text that begins with other digits would equal 0.
CREATE OR REPLACE TRIGGER ${table}_guard_${event}
BEFORE ${event} ON `${table}` FOR EACH ROW
BEGIN
    IF @federated_operation IS NULL OR CAST(@federated_operation AS CHAR) <> (SELECT secret FROM apply_secret) THEN
        CALL guard_write();
    END IF;
END
