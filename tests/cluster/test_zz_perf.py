import threading, time
from cluster.protocol.names import NodeName

def test_perf(cluster):
    cluster.replicator.stop()
    main = cluster.connect("main", "root")
    main.run("SET GLOBAL innodb_flush_log_at_trx_commit=0")
    cluster.replicator.start(); time.sleep(0.5); 
    main.run("INSERT INTO test_counter SELECT seq, 0, '' FROM seq_1_to_200")
    for round in range(3):
        stop = time.monotonic() + 4
        counts = []
        def work(n):
            c = cluster.servers.connect(NodeName.MAIN, "app", 20)
            k = 0
            raw = c.raw(); cur = raw.cursor()
            while time.monotonic() < stop:
                cur.execute(f"UPDATE test_counter SET value=value+1 WHERE id={n*10+k%10+1}"); k += 1
            counts.append(k); c.close()
        ts = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        [t.start() for t in ts]; [t.join() for t in ts]
        print("PERF", sum(counts)/4)
    main.run("SET GLOBAL innodb_flush_log_at_trx_commit=1")
