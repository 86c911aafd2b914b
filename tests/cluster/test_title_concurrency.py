"""Many clients at once: nothing is lost or done twice, and no deadlock reaches a client."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random

import MySQLdb
import pytest

from cluster.protocol.errors import INVALID
from tests.harness.title_sql import Rows, run

CLIENTS = 16
TURNS = 20

Work = Callable[[MySQLdb.Connection, Random], object]


@pytest.fixture
def sign_in(cluster) -> Callable[[], MySQLdb.Connection]:
    """Open a session of the application on Main."""
    return lambda: cluster.connect("main", timeout=20.0).raw()


@pytest.fixture
def together(sign_in) -> Callable[[Work], Counter[int]]:
    """Run a client's work in CLIENTS sessions, TURNS times each; count the errors that reached them."""

    def client(number: int, work: Work) -> Counter[int]:
        errors: Counter[int] = Counter()
        connection, random = sign_in(), Random(number)
        for _ in range(TURNS):
            try:
                work(connection, random)
            except MySQLdb.OperationalError as error:
                errors[error.args[0]] += 1
        return errors

    def all_clients(work: Work) -> Counter[int]:
        with ThreadPoolExecutor(CLIENTS) as pool:
            return sum(pool.map(lambda number: client(number, work), range(CLIENTS)), Counter())

    return all_clients


def everywhere(cluster, sql: str) -> list[Rows]:
    """Return what each node answers once all have caught up."""
    cluster.settle()
    return [run(cluster.connect(node).raw(), sql) for node in cluster.nodes]


def test_300_parallel_reviews_are_300_reviews(cluster, sign_in):
    run(sign_in(), "CALL distributed_insert('tt0000001', 'x', 90, '8.0', 1000, 1999)")

    def client(reviews: int) -> None:
        connection = sign_in()
        for _ in range(reviews):
            run(connection, "CALL distributed_addReviews('tt0000001', 1, '8.0')")

    with ThreadPoolExecutor(15) as pool:
        list(pool.map(client, [20] * 15))
    assert everywhere(cluster, "SELECT numVotes FROM title_ft") == [((1300,),)] * 3


def test_updates_of_the_same_rows_surface_no_error(cluster, sign_in, together):
    main = sign_in()
    for number in range(5):
        run(main, "CALL distributed_insert(%s, 'x', 90, '8.0', 10, 1999)", f"tt000000{number}")

    def update(connection: MySQLdb.Connection, random: Random) -> None:
        values = f"tt000000{random.randrange(5)}", f"x{random.random()}", f"{random.randrange(101) / 10}"
        run(connection, "CALL distributed_update(%s, %s, 90, %s, 10, 1999)", *values)

    assert together(update) == {}
    logged = run(main, "SELECT COUNT(DISTINCT transaction_id) FROM transaction_log WHERE log_type = 'ROW'")
    assert logged == ((CLIENTS * TURNS + 5,),)
    first, *others = everywhere(cluster, "SELECT * FROM title_ft ORDER BY tconst")
    assert others == [first, first]


def test_rivals_over_one_identifier_deadlock_unseen(together):
    def rival(connection: MySQLdb.Connection, random: Random) -> None:
        if random.random() < 0.5:
            run(connection, "CALL distributed_insert('tt0000001', 'x', 90, '8.0', 10, 1999)")
        else:
            run(connection, "CALL distributed_delete('tt0000001')")

    assert set(together(rival)) <= {INVALID}  # it exists already, or there is no such title


def test_a_retry_beside_the_first_try_waits_for_it(sign_in):
    """The answer was lost while the write still waits for a row: the retry must not write too."""
    holder, watcher = sign_in(), sign_in()
    run(holder, "CALL distributed_insert('tt0000001', 'x', 90, '8.0', 1000, 1999)")
    run(holder, "BEGIN")
    run(holder, "SELECT * FROM title_ft FOR UPDATE")

    def attempt(_: int) -> str:
        connection = sign_in()
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
