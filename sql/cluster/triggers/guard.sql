-- Refuses a write where this node holds no lease; apply on a replica passes with the node's secret.
CREATE OR REPLACE TRIGGER ${table}_guard_${event}
BEFORE ${event} ON `${table}` FOR EACH ROW
BEGIN
    IF NOT @federated_operation <=> (SELECT secret FROM apply_secret) THEN
        CALL guard_write();
    END IF;
END
