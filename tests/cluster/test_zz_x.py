import time, random
from cluster.protocol.names import NodeName
from cluster.actions.switchover import switchover
from tests.harness.sql import dump
def test_x(cluster):
    main = cluster.connect("main")
    rnd = random.Random(5)
    for k in range(300):
        done = []
        for _ in range(rnd.randint(1, 8)):
            word = "".join(rnd.choice("aA\u00e1b \U0001f600'") for _ in range(rnd.randint(1, 4)))
            other = "".join(rnd.choice("aA\u00e1b \U0001f600'") for _ in range(rnd.randint(1, 4)))
            done.append((word, other))
            main.run("INSERT IGNORE INTO test_word VALUES (%s, '')", (word,))
            main.run("UPDATE IGNORE test_word SET word = %s, meaning = 'changed' WHERE word = %s", (other, word))
        cluster.settle()
        ds = [dump(cluster.connect(n, "cluster"), "test_word") for n in NodeName]
        if not (ds[0] == ds[1] == ds[2]):
            print("STEP", k, done)
            for d in ds[1:]:
                print(set(ds[0]) - set(d), set(d) - set(ds[0]))
            for r in main.rows("SELECT log_id, transaction_id, operation_type, record_id, old_value, new_value FROM transaction_log ORDER BY log_id DESC LIMIT 12"): print(r)
            break
    else: print("ALL OK")

def test_time(cluster):
    t0 = time.monotonic()
    said = cluster.replicator.said
    class L(list):
        def append(self, x): print(round(time.monotonic()-t0,3), x)
    cluster.replicator._worker.say = L().append
    cluster.settle()
    for to in ("node_a", "main"):
        t=time.monotonic(); print("start", round(t-t0,3), switchover(cluster.nodes, NodeName(to), reason="x", lease_seconds=3.0)); print("took", time.monotonic()-t)
        t=time.monotonic()
        for _ in range(8):
            print(round(time.monotonic()-t0,3), cluster.log_prints(), cluster.primary(), {n: (x.state().mode.value, x.state().led) for n, x in cluster.nodes.items()}); time.sleep(0.2)
        cluster.settle(); print("settled", time.monotonic()-t)
