"""What a step on shards is: settings that travel between processes, and the step itself, loaded."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from ..encoders.threads import one_thread
from ..translation.costs import Estimate
from .row import Row

Run = Callable[[list[Row], Counter[str]], list[Row]]
EstimateCosts = Callable[[Iterable[Row]], list[Estimate]]


@runtime_checkable
class Step(Protocol):
    """A step with all that it needs in memory.

    identity (dict[str, Any]): all that the output depends on besides the rows, as plain JSON.
    count_names (tuple[str, ...]): names of counts that are there for any rows, if only as 0.
    """

    @property
    def identity(self) -> dict[str, Any]: ...
    @property
    def count_names(self) -> tuple[str, ...]: ...
    def __call__(self, rows: list[Row], counts: Counter[str]) -> list[Row]:
        """Make rows of rows. counts (Counter[str]): receives the numbers of what was done and left out."""
        ...


@runtime_checkable
class PricedStep(Step, Protocol):
    """A step that may send texts to servers, perhaps for money."""

    def estimate(self, rows: Iterable[Row]) -> list[Estimate]:
        """What making rows of these sends to each server.

        rows (Iterable[Row]): read only if there is a server, and once for each: not an iterator.
        RAISES: XnerError where that is more than a limit, or than the account has left.
        """
        ...


class StepSpec(Protocol):
    """The settings of a step. A dataclass of plain values, which can be pickled."""

    @property
    def name(self) -> str:
        """The step's name, such as "translate"."""
        ...

    def load(self) -> Step:
        """Load the step. RAISES: XnerError for wrong settings, and for what cannot be loaded."""
        ...


@dataclass(frozen=True)
class LoadedStep:
    """A `Step` by its parts. It computes with one thread, so that a shard is the same on any number of cores: for more,
    use more processes.
    """

    identity: dict[str, Any]
    count_names: tuple[str, ...]
    run: Run
    estimate_costs: EstimateCosts | None = None

    def estimate(self, rows: Iterable[Row]) -> list[Estimate]:
        """See `PricedStep`."""
        return [] if self.estimate_costs is None else self.estimate_costs(rows)

    def __call__(self, rows: list[Row], counts: Counter[str]) -> list[Row]:
        with one_thread():
            return self.run(rows, counts)
