"""Run what is missing or stale and keep it: in this process, in several, or on a Dask cluster."""

import hashlib
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout
from joblib import Parallel, delayed

from descent.device import device
from descent.lab.store import keep, outdated, read

__all__ = ["run"]

PATIENCE = 20  # seconds to wait for a scheduler, and again for its first worker


def run(trials, path, *, only=None, processes=None, dask=None):
    """Run the trials that are missing or stale; yield (name, seconds, still to run) for each done.

    `trials` maps names to trials, `path` is the file of their results, from which those of trials
    that are no longer there are dropped. `only` names the trials to run, all if not given.
    `processes` None is one a core, or one in all on a GPU, where each would hold a context;
    `dask` is the address of a scheduler, whose workers run the trials instead. Raises ValueError,
    before anything is written, for a number of processes below 1, an address that does not answer,
    and a file that cannot be written, holds something else or is being written by another run.
    """
    path = Path(path)
    if processes is not None and processes < 1:
        raise ValueError(f"processes must be at least 1, got {processes!r}")
    if not path.parent.is_dir():
        raise ValueError(f"{path} cannot be written: there is no such directory")
    with _workers(processes, dask) as each, _sole(path):
        kept = read(path)
        todo = [name for name in outdated(trials, kept) if only is None or name in only]
        if todo:
            keep(path, kept, trials)  # or it cannot be written, and all the work would be lost
        for done, (name, result, made) in enumerate(each(_job, [(name, trials[name])
                                                                for name in todo]), start=1):
            kept[name] = {"spec": trials[name].spec, "code": trials[name].code, "result": result,
                          "made": made}
            keep(path, kept, trials)
            yield name, made["seconds"], len(todo) - done


def _job(named):
    """Run one trial where it is to run; return its name, its result, and how it was made."""
    name, trial = named
    return name, *trial()


@contextmanager
def _sole(path):
    """Keep other runs away from a file; a run that is killed lets go of it."""
    name = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]
    lock = FileLock(Path(tempfile.gettempdir(), f"descent-{name}.lock"), timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise ValueError(f"{path} is being written by another run") from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _workers(processes, dask):
    """Give a function that runs a job on each of a list and yields what comes, as it comes."""
    if dask is not None:
        with _client(dask) as client:
            yield partial(_on_cluster, client)
    elif processes == 1:
        yield map
    else:
        pool = Parallel(n_jobs=processes or (-1 if device().type == "cpu" else 1),
                        return_as="generator_unordered")
        yield lambda job, named: pool(delayed(job)(one) for one in named)


def _client(address):
    """Return a client of the scheduler at an address, which has at least one worker."""
    from distributed import Client  # slow to import, and wanted here only

    client = None
    try:
        client = Client(address, timeout=PATIENCE)
        client.wait_for_workers(1, timeout=PATIENCE)
    except (OSError, ValueError, TimeoutError) as error:
        if client is not None:
            client.close()
        raise ValueError(f"no Dask scheduler with a worker answers at {address!r}: "
                         f"{error}") from error
    return client


def _on_cluster(client, job, named):
    """Run on the cluster; what a lost worker was at is run again by another."""
    from distributed import as_completed

    futures = client.map(job, named, pure=False, retries=3)
    for _, result in as_completed(futures, with_results=True):
        yield result
