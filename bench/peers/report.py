"""Rounds of loads as medians with their spread, their ratios, and both as text, JSON and a picture."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from html import escape
from statistics import median

from peers.load import Result

Rounds = Mapping[str, Mapping[int, Sequence[Result]]]
"""By the name of who was measured, and by the number of clients: a result for each round."""
Figures = dict[str, dict[int, dict[str, float]]]

WIDTH, HEIGHT, BOTTOM, LEFT, BAR = 900, 360, 300, 60, 22
COLOURS = ("#1f6feb", "#79b8ff", "#d29922", "#bf8700", "#8250df", "#8c959f", "#57606a")


def figures(rounds: Rounds) -> Figures:
    """Return medians of every figure, and the least and most of writes a second."""
    found: Figures = {}
    for name, by_clients in rounds.items():
        found[name] = {}
        for clients, results in by_clients.items():
            columns = {key: [asdict(one)[key] for one in results] for key in asdict(results[0])}
            medians = {key: median(values) for key, values in columns.items()}
            speed = columns["per_second"]
            found[name][clients] = medians | {"least": min(speed), "most": max(speed)}
    return found


def ratios(rounds: Rounds, own: str, other: str) -> dict[int, dict[str, float]]:
    """Return how `own` stands to `other`: medians of the ratios of the rounds, of writes a second, p50 and p99."""
    return {
        clients: {
            key: median(
                asdict(mine)[key] / asdict(theirs)[key]
                for mine, theirs in zip(results, rounds[other][clients], strict=True)
            )
            for key in ("per_second", "p50", "p99")
        }
        for clients, results in rounds[own].items()
    }


def table(rounds: Rounds) -> str:
    """Return writes a second, the spread, the median and the 99th percentile of a write in ms: a line for each."""
    clients = list(next(iter(rounds.values())))
    head = " | ".join(["acknowledged writes/s (least to most; p50, p99 in ms)", *map(str, clients)])
    lines = [f"| {head} |", f"|{'---|' * (len(clients) + 1)}"]
    for name, by_clients in figures(rounds).items():
        cells = [
            f"{f['per_second']:,.0f} ({f['least']:,.0f} to {f['most']:,.0f}; {f['p50']:.1f}, {f['p99']:.1f})"
            for f in by_clients.values()
        ]
        lines.append(f"| {' | '.join([name, *cells])} |")
    return "\n".join(lines)


def ratio_table(rounds: Rounds, owns: Sequence[str], others: Sequence[str]) -> str:
    """Return writes a second as a multiple of each other's, with that of p50: a line for each pair."""
    clients = list(next(iter(rounds.values())))
    lines = [
        f"| {' | '.join(['writes/s as a multiple (p50 as a multiple)', *map(str, clients)])} |",
        f"|{'---|' * (len(clients) + 1)}",
    ]
    for own in owns:
        for other in (name for name in others if name in rounds):
            cells = [f"{r['per_second']:.2f} ({r['p50']:.2f})" for r in ratios(rounds, own, other).values()]
            lines.append(f"| {' | '.join([f'{own} to {other}', *cells])} |")
    return "\n".join(lines)


def picture(rounds: Rounds) -> str:
    """Draw the writes a second: a group of bars for each number of clients, a bar for each that was measured."""
    found = figures(rounds)
    clients = list(next(iter(found.values())))
    highest = max(f["most"] for by_clients in found.values() for f in by_clients.values())
    group = (WIDTH - LEFT) / len(clients)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"'
        ' font-size="12" role="img" aria-label="Acknowledged writes a second">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for share in (0.25, 0.5, 0.75, 1.0):
        y = BOTTOM - share * (BOTTOM - 40)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH}" stroke="#d0d7de"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{highest * share:,.0f}</text>')
    for at, number in enumerate(clients):
        left = LEFT + at * group
        for place, (name, by_clients) in enumerate(found.items()):
            speed = by_clients[number]["per_second"]
            high = speed / highest * (BOTTOM - 40)
            parts.append(
                f'<rect x="{left + 8 + place * BAR:.1f}" y="{BOTTOM - high:.1f}" width="{BAR - 3}" height="{high:.1f}"'
                f' fill="{COLOURS[place % len(COLOURS)]}"><title>{escape(name)}, {number} clients:'
                f" {speed:,.0f} a second</title></rect>"
            )
        label = "1 client" if number == 1 else f"{number} clients"
        parts.append(
            f'<text x="{left + group / 2:.1f}" y="{BOTTOM + 18}" text-anchor="middle">{label}</text>'
        )
    for place, name in enumerate(found):
        x, y = LEFT + (place % 3) * 280, BOTTOM + 34 + place // 3 * 16
        parts.append(
            f'<rect x="{x}" y="{y - 9}" width="10" height="10" fill="{COLOURS[place % len(COLOURS)]}"/>'
        )
        parts.append(f'<text x="{x + 16}" y="{y}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>\n"])
