"""A trial: a function and its arguments, run in one place and told apart by what it computes."""

import json
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock

import numpy as np
import torch

from descent.device import device
from descent.lab.fingerprints import fingerprint

__all__ = ["Trial"]

_ALONE = Lock()  # seeds, threads and environments are a process's, and a cluster's worker has many


@dataclass(frozen=True)
class Trial:
    """A function and the arguments to call it with; both as JSON make its `spec`."""

    function: Callable
    arguments: dict = field(default_factory=dict)

    @property
    def spec(self):
        return json.loads(json.dumps({"function": self.function.__name__, **self.arguments}))

    @property
    def code(self):
        """The hash of what it computes, as `fingerprint` takes it."""
        return fingerprint(self.function, self.arguments)

    def __call__(self):
        """Run it on one thread, alone in its process; return its result and how it was made.

        How a sum is split over threads shows in its last digit: so there is one.
        """
        threads, start = torch.get_num_threads(), time.perf_counter()
        with _ALONE:
            torch.set_num_threads(1)
            try:
                result = self.function(**self.arguments)
            finally:
                torch.set_num_threads(threads)
        return result, {
            "date": datetime.now(UTC).date().isoformat(),
            "seconds": round(time.perf_counter() - start, 1), "torch": torch.__version__,
            "numpy": np.__version__, "python": platform.python_version(),
            "machine": f"{platform.system()} {platform.machine()} {device().type}"}
