"""Many clients at once: nothing is lost, nothing is done twice, no deadlock reaches a client."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from random import Random

import MySQLdb
import pytest

CLIENTS = 16


def run(connection: MySQLdb.Connection, sql: str, *values: object) -> tuple[tuple[object, ...], ...]:
    with closing(connection.cursor()) as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else ()


@pytest.fixture
def together(cluster) -> Callable[[Callable[[MySQLdb.Connection, Random], None]], Counter[int]]:
    """Runs a client's work in CLIENTS sessions at once; counts the error numbers that reached them."""

    def client(number: int, work: Callable[[MySQLdb.Connection, Random], None]) -> Counter[int]:
        errors: Counter[int] = Counter()
        with closing(cluster.connect("main")) as connection:
            for turn in range(TURNS):
                try:
                    work(connection, Random(number * 1000 + turn))
                except MySQLdb.OperationalError as error:
                    errors[error.args[0]] += 1
        return errors

    def all_clients(work: Callable[[MySQLdb.Connection, Random], None]) -> Counter[int]:
        with ThreadPoolExecutor(CLIENTS) as pool:
            return sum(pool.map(lambda number: client(number, work), range(CLIENTS)), Counter())

    return all_clients


TURNS = 20


def everywhere(cluster, sql: str, expected: object, eventually) -> None:
    for node in ("main", "node_a", "node_b"):
        with closing(cluster.connect(node)) as connection:
            eventually(lambda here=connection: run(here, sql) == expected)


def test_300_parallel_reviews_are_300_reviews(cluster, eventually):
    with closing(cluster.connect("main")) as connection:
        run(connection, "CALL distributed_insert('tt0000001', 'x', 90, '8.0', 1000, 1999)")

    def client(reviews: int) -> None:
        with closing(cluster.connect("main")) as connection:
            for _ in range(reviews):
                run(connection, "CALL distributed_addReviews('tt0000001', 1, '8.0')")

    with ThreadPoolExecutor(15) as pool:
        list(pool.map(client, [20] * 15))
    everywhere(cluster, "SELECT numVotes FROM title_ft", ((1300,),), eventually)


def test_updates_of_the_same_rows_surface_no_error(cluster, together, eventually):
    with closing(cluster.connect("main")) as connection:
        for number in range(5):
            run(connection, "CALL distributed_insert(%s, 'x', 90, '8.0', 10, 1999)", f"tt000000{number}")

    def update(connection: MySQLdb.Connection, random: Random) -> None:
        values = f"tt000000{random.randrange(5)}", f"x{random.random()}", f"{random.randrange(101) / 10}"
        run(connection, "CALL distributed_update(%s, %s, 90, %s, 10, 1999)", *values)

    assert together(update) == {}
    with closing(cluster.connect("main")) as connection:
        rows = run(connection, "SELECT * FROM title_ft ORDER BY tconst")
        assert (
            run(connection, "SELECT COUNT(DISTINCT transaction_id) FROM transaction_log")[0][0]
            >= CLIENTS * TURNS
        )
    everywhere(cluster, "SELECT * FROM title_ft ORDER BY tconst", rows, eventually)


def test_rivals_over_one_identifier_deadlock_unseen(together):
    def rival(connection: MySQLdb.Connection, random: Random) -> None:
        if random.random() < 0.5:
            run(connection, "CALL distributed_insert('tt0000001', 'x', 90, '8.0', 10, 1999)")
        else:
            run(connection, "CALL distributed_delete('tt0000001')")

    # 45004: it exists already, or there is no such title.
    assert set(together(rival)) <= {45004}


def test_a_retry_beside_the_first_try_waits_for_it(cluster):
    """The answer was lost while the write still waits for a row: the retry must not write too."""
    with closing(cluster.connect("main")) as holder, closing(cluster.connect("main")) as watcher:
        run(holder, "CALL distributed_insert('tt0000001', 'x', 90, '8.0', 1000, 1999)")
        run(holder, "BEGIN")
        run(holder, "SELECT * FROM title_ft FOR UPDATE")

        def attempt(_: int) -> str:
            with closing(cluster.connect("main")) as connection:
                run(connection, "SET @current_transaction_id = 'order-1'")
                return str(run(connection, "CALL distributed_addReviews('tt0000001', 1, '8.0')")[0][1])

        with ThreadPoolExecutor(2) as pool:
            answers = pool.map(attempt, range(2))
            run(watcher, "DO SLEEP(0.3)")
            run(holder, "COMMIT")
            assert sorted(answers) == [
                "1 review is added to title tt0000001.",
                "This transaction was done before; nothing was written again.",
            ]
        assert run(watcher, "SELECT numVotes FROM title_ft") == ((1001,),)
