"""A progress bar on standard error, for terminals and notebooks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from persopt.domain.jobs import Progress as JobProgress

__all__ = ("show_progress",)


@contextlib.contextmanager
def show_progress(title: str = "trials") -> Iterator[Callable[[JobProgress], None]]:
    """Show a bar while the block runs; gives the function that moves it.

    The bar counts finished units, moved on by the share of the running ones, and shows the best value so far.
    The title is shown as it is written: brackets in it are no markup.
    """
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[best]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=not console.is_terminal) as bar:
        task = bar.add_task(escape(title), total=None, best="")

        def move(progress: JobProgress) -> None:
            best = "" if progress.best is None else f"best {progress.best:.4g}"
            bar.update(task, completed=progress.done, total=progress.total, best=best)

        yield move
