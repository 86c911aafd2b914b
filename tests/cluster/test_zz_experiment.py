import threading, time
from cluster.protocol.names import NodeName

def test_sequence(cluster):
    cluster.replicator.stop()
    root = cluster.connect("main", "root"); other = cluster.connect("main", "root"); third = cluster.connect("main","root")
    root.run("CREATE OR REPLACE SEQUENCE lease_end START WITH 1 MINVALUE 0 MAXVALUE 9223372036854775806 NOCACHE")
    root.run("CREATE OR REPLACE TABLE t (id int primary key, seen bigint)")
    root.run("CREATE OR REPLACE PROCEDURE g(OUT v BIGINT) BEGIN SELECT next_not_cached_value INTO v FROM lease_end; END")
    root.run("CREATE OR REPLACE TRIGGER tt BEFORE INSERT ON t FOR EACH ROW BEGIN DECLARE v BIGINT; DO SLEEP(0.2); CALL g(v); SET NEW.seen = v; END")
    for iso in ("READ-COMMITTED", "REPEATABLE-READ", "SERIALIZABLE"):
        root.run("DELETE FROM t")
        root.run(f"SET tx_isolation='{iso}'")
        root.run("START TRANSACTION")
        root.rows("SELECT * FROM t")
        th = threading.Thread(target=lambda: root.run("INSERT INTO t (id) SELECT seq FROM seq_1_to_10"))
        th.start()
        took = []
        base = other.row("SELECT next_not_cached_value FROM lease_end")[0]
        for k in range(8):
            t = time.monotonic(); r = other.row("SELECT SETVAL(lease_end, %s, 0)", (base + 10*(k+1),)); took.append(round(time.monotonic()-t,4)); time.sleep(0.2)
        th.join()
        print(iso, [r[0]-base for r in root.rows("SELECT seen FROM t ORDER BY id")], took)
        root.run("COMMIT")
    print(other.row("SELECT SETVAL(lease_end, 5, 0)"), other.rows("SELECT * FROM lease_end"))
    # open write transaction that has read the sequence: does setval block?
    root.run("START TRANSACTION"); root.run("INSERT INTO t (id) VALUES (77)")
    t=time.monotonic(); print(other.row("SELECT SETVAL(lease_end, 99999999, 0)"), time.monotonic()-t)
    root.run("ROLLBACK")
    print(root.row("SELECT next_not_cached_value FROM lease_end"))
    t=time.monotonic()
    for _ in range(2000): root.row("SELECT next_not_cached_value FROM lease_end")
    a=time.monotonic()-t; t=time.monotonic()
    for _ in range(2000): root.row("SELECT COUNT(*) FROM write_lease WHERE expires_at > UNIX_TIMESTAMP(SYSDATE(6))")
    print("read", a, time.monotonic()-t)
    cluster.kill("main"); cluster.start("main")
    print(cluster.connect("main","root").row("SELECT next_not_cached_value FROM lease_end"))
    root = cluster.connect("main","root")
    root.run("DROP SEQUENCE lease_end"); root.run("DROP TABLE t"); root.run("DROP PROCEDURE g")
