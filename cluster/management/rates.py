"""A progress bar that also says how fast it goes."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from cluster.actions.steps.reconcile import Progress as Tick
from cluster.management.verbs import VerbCommand


class RateColumn(ProgressColumn):
    """Rows or entries a second."""

    def render(self, task: Task) -> Text:
        """Empty until the speed is known."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s", style="progress.data.speed")


class RatedCommand(VerbCommand):
    """A verb whose speed the operator wants to see."""

    @contextmanager
    def progress(self, label: str, total: int | None) -> Iterator[Tick]:
        """Do as VerbCommand.progress, with the rate."""
        console = Console(stderr=True)
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), RateColumn()
        hidden = self.as_json or not console.is_terminal
        with Progress(*columns, console=console, disable=hidden, transient=True) as bar:
            task = bar.add_task(label, total=total)
            yield lambda count: bar.advance(task, count)
