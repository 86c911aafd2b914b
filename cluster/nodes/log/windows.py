"""Windows of a log: whole transactions, read in one snapshot; and the parts of a transaction that fits into none."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeVar

from cluster.nodes.connection import Connection
from cluster.nodes.entry_columns import NAMES
from cluster.protocol.entries import Entry, whole_transactions
from cluster.protocol.gaps import Range
from cluster.protocol.node import LargeTransaction, Window
from cluster.protocol.parts import Part, Piece, Position

T = TypeVar("T")

MOST_ROWS, LAST_ID = 1 << 31, (1 << 64) - 1
MEASURED = 20_000
"""Log ids of a large transaction that one statement reads: whoever serves others besides is not held up by the rest."""
MOST_RANGES = 10_000
"""Ranges of ids in one statement: the server leaves ranges aside at about thirty thousand, and reads the whole log."""
WINDOW_BYTES = 4 << 20
"""Bytes of images in one window: a window is held in memory several times on its way."""
PIECE_BYTES = 2 << 20
"""Bytes of one piece of an entry that is larger than a window. A node puts pieces together by where each begins, so all
who bring the same entry, one after the other or at once, cut it alike."""
OLD_BYTES, NEW_BYTES = "COALESCE(LENGTH(old_value), 0)", "COALESCE(LENGTH(new_value), 0)"
IS_OVERSIZED = f"{OLD_BYTES} + {NEW_BYTES} > {WINDOW_BYTES}"


def columns_with(images: str) -> str:
    """Return the columns of an entry as they are read, with an expression for each of the two images."""
    names = (images.format(name) if name.endswith("_value") else name for name in NAMES)
    return ", ".join(names).replace("`timestamp`", "CAST(`timestamp` AS CHAR)")


FITTING = columns_with(f"IF({IS_OVERSIZED}, NULL, {{}})") + f", {IS_OVERSIZED}"
"""An entry as a window holds it, and whether it is too large for that."""
WITHOUT_IMAGES = columns_with("NULL")


@dataclass
class Pace:
    """How many entries one statement asks for: as many as fitted into a window last, twice as many where all did."""

    rows: int = MOST_ROWS

    def note(self, fitted: int, *, is_full: bool) -> None:
        """Take note of how many came, and whether bytes stopped them."""
        self.rows = max(fitted, 1) if is_full else min(self.rows * 2, MOST_ROWS)


@dataclass
class ImageSizes:
    """How many bytes the images of the last entry have that was read. place: its transaction, and what is before it."""

    place: tuple[object, ...] = ()
    old_bytes: int = 0
    new_bytes: int = 0

    def note(self, place: tuple[object, ...], old_bytes: int, new_bytes: int) -> None:
        """Take note of another entry's."""
        self.place, self.old_bytes, self.new_bytes = place, old_bytes, new_bytes


@dataclass(frozen=True, slots=True)
class Read:
    """The first entries of a statement. is_cut: there may be more. oversized: the next, too large, without images."""

    entries: list[Entry]
    is_cut: bool
    oversized: Entry | None


def window(
    connection: Connection,
    after: int,
    ranges: Sequence[Range],
    limit: int,
    skipped: Sequence[str] = (),
    *,
    leaves_out: bool = False,
) -> Window:
    """Whole transactions after `after` and those that `ranges` show, in one snapshot.

    A transaction that ends beyond the window waits for the next one, and so does what follows its first entry. One
    that begins where the window begins is large: it is never cut, so it has to be read by itself. So has one that has
    entries in none of `ranges`, where `leaves_out` says that there may be such.
    """
    found = cut_by_size(connection, after, ranges, limit, skipped)
    if leaves_out and (torn := first_torn(connection, found.entries)) is not None:
        return Window([], after, complete=False, large=large_transaction(connection, torn))
    return found


def cut_by_size(
    connection: Connection, after: int, ranges: Sequence[Range], limit: int, skipped: Sequence[str]
) -> Window:
    """Return the transactions that end within the first `limit` entries that are read."""
    found = read(connection, after, ranges, limit, skipped)
    entries = found.entries
    last = entries[-1].log_id if entries else after
    if not found.is_cut:
        return Window(entries, max(last, after), complete=True)
    if not entries and found.oversized is not None:
        return Window([], after, complete=False, large=large_transaction(connection, found.oversized))
    whole = whole_transactions(entries, ends(connection, entries, last), last)
    kept = {entry.id for entry in whole}
    held_back = [e for e in entries if e.log_id > after and e.id not in kept]
    upto = max(held_back[0].log_id - 1 if held_back else last, after)
    if upto > after or any(entry.log_id <= after for entry in whole):
        return Window(whole, upto, complete=False)
    return Window(
        [],
        after,
        complete=False,
        large=large_transaction(connection, held_back[0] if held_back else entries[0]),
    )


def read(
    connection: Connection, after: int, ranges: Sequence[Range], limit: int, skipped: Sequence[str]
) -> Read:
    """Return the first entries in `ranges`, which ascend, and after `after`.

    In one snapshot, as one statement is. What does not fit into a window is not held in memory.
    """
    pace = connection.known("pace", lambda *_: Pace())
    asked = min(limit, pace.rows)
    first, *others = chunks(ranges, after)
    if not others:
        return gather(rows_of(connection, first, skipped, asked), asked, pace)
    with connection.snapshot():
        rows = chain.from_iterable(rows_of(connection, some, skipped, asked) for some in (first, *others))
        return gather(rows, asked, pace)


def chunks(ranges: Sequence[Range], after: int) -> list[list[Range]]:
    """Return what to read, for one statement each: the ranges, and at last all after `after`."""
    everything = [*ranges, Range(after + 1, LAST_ID)]
    return [everything[start : start + MOST_RANGES] for start in range(0, len(everything), MOST_RANGES)]


def rows_of(
    connection: Connection, ranges: Sequence[Range], skipped: Sequence[str], limit: int
) -> Iterator[tuple[object, ...]]:
    """Yield the first rows within some ranges, each as `gather` takes it: a range scan of the key."""
    places = " OR ".join(["log_id BETWEEN %s AND %s"] * len(ranges))
    left_out = f" AND transaction_id NOT IN ({', '.join(['%s'] * len(skipped))})" if skipped else ""
    bounds = [bound for item in ranges for bound in (item.first, item.last)]
    return connection.stream(
        f"SELECT {FITTING} FROM transaction_log FORCE INDEX (PRIMARY) WHERE ({places}){left_out}"
        " ORDER BY log_id, epoch LIMIT %s",
        [*bounds, *skipped, limit],
    )


def gather(rows: Iterable[tuple[object, ...]], limit: int, pace: Pace) -> Read:
    """Return the first entries of these rows that fit into a window. They are read to their end; they have FITTING."""
    entries: list[Entry] = []
    oversized: Entry | None = None
    size = 0
    for *columns, is_oversized in rows:
        if oversized is None and len(entries) < limit and size < WINDOW_BYTES:
            entry = Entry._make(columns)
            if is_oversized:
                oversized = entry
                continue
            entries.append(entry)
            size += image_bytes(entry)
    pace.note(len(entries), is_full=size >= WINDOW_BYTES)
    is_cut = len(entries) >= limit or size >= WINDOW_BYTES or oversized is not None
    return Read(entries, is_cut, oversized)


def image_bytes(entry: Entry) -> int:
    """Return about how many bytes an entry's images take."""
    return len(entry.old_value or "") + len(entry.new_value or "")


def in_windows(items: Iterable[T], size: Callable[[T], int]) -> Iterator[list[T]]:
    """Yield items in parts of no more than fits into a window, or of one that does not."""
    part: list[T] = []
    total = 0
    for item in items:
        part.append(item)
        total += size(item)
        if total >= WINDOW_BYTES:
            yield part
            part, total = [], 0
    if part:
        yield part


def first_torn(connection: Connection, entries: Sequence[Entry]) -> Entry | None:
    """Return the first entry whose transaction has others in the log that are not among these."""
    if not entries:
        return None
    here = Counter((entry.transaction_id, entry.epoch) for entry in entries)
    marks = ", ".join(["%s"] * len(here))
    counted = connection.rows(
        "SELECT transaction_id, epoch, COUNT(*) FROM transaction_log FORCE INDEX (transaction_log_transaction)"
        f" WHERE transaction_id IN ({marks}) GROUP BY transaction_id, epoch",
        [transaction_id for transaction_id, _ in here],
    )
    torn = {(name, epoch) for name, epoch, number in counted if number > here[name, epoch]}
    return next((entry for entry in entries if (entry.transaction_id, entry.epoch) in torn), None)


def large_transaction(connection: Connection, entry: Entry) -> LargeTransaction:
    """Return the transaction of an entry, with the first of its log ids."""
    return measure(connection, LargeTransaction(entry.transaction_id, entry.epoch, (), measured=False))


def measure(connection: Connection, large: LargeTransaction) -> LargeTransaction:
    """Return the transaction with the next of its log ids: a range of an index of the log alone."""
    after = large.ranges[-1].last if large.ranges else 0
    ids = connection.rows(
        f"SELECT log_id{OF_TRANSACTION}", (large.transaction_id, large.epoch, after, MEASURED)
    )
    ranges = list(large.ranges)
    for (log_id,) in ids:
        if ranges and ranges[-1].last == log_id - 1:
            ranges[-1] = Range(ranges[-1].first, log_id)
        else:
            ranges.append(Range(log_id, log_id))
    return replace(large, ranges=tuple(ranges), measured=len(ids) < MEASURED)


OF_TRANSACTION = (
    " FROM transaction_log FORCE INDEX (transaction_log_transaction)"
    " WHERE transaction_id = %s AND epoch = %s AND log_id > %s ORDER BY log_id LIMIT %s"
)


def part(connection: Connection, large: LargeTransaction, after: Position, limit: int) -> Part | None:
    """Return the next of a large transaction, None at its end: a range of an index of the log."""
    if after.offset:
        return piece(connection, large, after)
    pace = connection.known("pace", lambda *_: Pace())
    asked = min(limit, pace.rows)
    params = (large.transaction_id, large.epoch, after.log_id, asked)
    found = gather(connection.stream(f"SELECT {FITTING}{OF_TRANSACTION}", params), asked, pace)
    if found.entries:
        return Part(found.entries, Position(found.entries[-1].log_id))
    return piece(connection, large, after) if found.oversized is not None else None


def piece(connection: Connection, large: LargeTransaction, after: Position) -> Part | None:
    """Return the next piece of an oversized entry, read by bytes: the old image, then the new one."""
    place = (large.transaction_id, large.epoch, after.log_id, 1)
    sizes = connection.known("image sizes", lambda *_: ImageSizes())
    if sizes.place != place:
        found = connection.rows(f"SELECT {OLD_BYTES}, {NEW_BYTES}{OF_TRANSACTION}", place)
        if not found:
            return None  # the log was changed on behalf of a newer epoch
        sizes.note(place, *map(int, found[0]))
    offset, old_bytes, new_bytes = after.offset, sizes.old_bytes, sizes.new_bytes
    is_new = offset >= old_bytes
    start = offset - old_bytes if is_new else offset
    image = "new_value" if is_new else "old_value"  # the server reads the whole of every image that is named
    rows = connection.rows(
        f"SELECT {WITHOUT_IMAGES}, SUBSTRING(CAST({image} AS BINARY), 1 + %s, {PIECE_BYTES}){OF_TRANSACTION}",
        (start, *place),
    )
    if not rows:
        return None
    *columns, content = rows[0]
    entry = Entry._make(columns)
    read = Piece(entry.log_id, entry.epoch, entry.transaction_id, is_new, start, content)
    end = offset + len(content)
    if rest := old_bytes + new_bytes - end:
        return Part((), Position(after.log_id, end), read, rest)
    return Part((entry,), Position(entry.log_id), read)


def ends(connection: Connection, entries: Sequence[Entry], cut: int) -> dict[str, int]:
    """Return the last log id of every transaction in `entries`; those beyond `cut` are looked up."""
    last = {entry.transaction_id: cut for entry in entries}
    marks = ", ".join(["%s"] * len(last))
    beyond = connection.rows(
        f"SELECT transaction_id, MAX(log_id) FROM transaction_log FORCE INDEX (transaction_log_transaction)"
        f" WHERE transaction_id IN ({marks}) AND log_id > %s GROUP BY transaction_id",
        [*last, cut],
    )
    return last | {transaction_id: log_id for transaction_id, log_id in beyond}
