"""A function on several processes of this machine, which talk to each other as in a cluster."""

import faulthandler
import io
import math
import multiprocessing
import os
import pickle
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
import warnings
from contextlib import ExitStack, suppress
from datetime import timedelta
from multiprocessing.connection import wait
from pathlib import Path

import cloudpickle
import torch
import torch.distributed as dist

__all__ = ["ranks"]

GRACE = 5  # seconds to hear from the rank that failed first, behind the errors it gives the others
ALONE = 5  # seconds for which a rank may outlast its time, where nobody is left to end it


def ranks(function, world, *arguments, seconds=60):
    """Run `function(rank, *arguments)` on `world` processes; return their results by rank.

    The processes are members of one gloo group, on the loopback and the CPU, of one thread each and
    with torch's seed 0. What they return is copied: numbers, strings, arrays, tensors (no DTensor:
    return its `full_tensor()`), lists, dictionaries. What they print is not shown. On Linux they
    are forks, so `function` may stand in a notebook's cell; where there is an accelerator, or no
    safe fork, fresh processes, which take two seconds more and are sent function and arguments
    (a script then needs its `if __name__ == "__main__"`).

    Ends in time: TimeoutError names the ranks without an answer after `seconds`, and where they
    stood. RuntimeError tells of the first rank that raised (as its cause, with its traceback), or
    that died, and by which signal; the others are then ended. Raises ValueError for a `world` below
    1 or `seconds` not above 0, TypeError for a `function` or `world` that is none or cannot be
    sent, and RuntimeError in a process that is a member of a group itself.
    """
    if not callable(function):
        raise TypeError(f"function must be a function of the rank, got {function!r}")
    if not isinstance(world, int) or isinstance(world, bool):
        raise TypeError(f"world must be a whole number of processes, got {world!r}")
    if world < 1:
        raise ValueError(f"world must be at least 1, got {world!r}")
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(f"seconds must be a number, got {seconds!r}")
    if not 0 < seconds < math.inf:
        raise ValueError(f"seconds must be above 0 and finite, got {seconds!r}")
    if dist.is_initialized():
        raise RuntimeError("ranks starts a group of its own, and this process is in one already: "
                           "torch.distributed.destroy_process_group() leaves it")
    end = time.monotonic() + seconds
    with ExitStack() as stack:
        # A process killed in the middle may still be letting go of a file.
        folder = Path(stack.enter_context(
            tempfile.TemporaryDirectory(prefix="descent-", ignore_cleanup_errors=True)))
        team = _started(function, world, arguments, seconds, folder, stack)
        return _gathered(team, end, seconds, folder)


def _forks():
    """Tell whether a fork is safe: macOS's own libraries and autograd's GPU threads bear none."""
    return sys.platform == "linux" and not torch.accelerator.is_available()


def _started(function, world, arguments, seconds, folder, stack):
    """Start the processes, to be ended with the stack; return each with its connection."""
    forks = _forks()
    context = multiprocessing.get_context("fork" if forks else "spawn")
    if not forks:
        function, arguments = _sendable(function, arguments), ()
    team = []
    stack.callback(_end, team)
    for rank in range(world):
        ours, theirs = context.Pipe()
        inherited = [ours, *(other for _, other in team)] if forks else []
        process = context.Process(target=_work, name=f"rank {rank}", args=(
            function, arguments, rank, world, seconds, folder, theirs, inherited))
        team.append((process, ours))
        with warnings.catch_warnings():
            # From 3.12 on Python warns of a fork where there are threads. The child of this one
            # needs none of them: it works on one thread, and is killed when its time is over.
            warnings.filterwarnings("ignore", ".*multi-threaded.*fork", DeprecationWarning)
            process.start()
        theirs.close()
    return team


def _sendable(function, arguments):
    """Return a function and its arguments as bytes, those of a notebook's cell too."""
    try:
        return cloudpickle.dumps((function, arguments))
    except Exception as error:
        raise TypeError(f"function and arguments must be such that a fresh process can be sent "
                        f"them, got {function!r}, which cannot: {error}") from error


def _end(team):
    """End all that still runs, and what it has started; leave nothing behind."""
    for process, ours in team:
        ours.close()
        if process.pid is not None:
            if hasattr(os, "killpg"):
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)  # it leads a group of its own
            process.kill()
            process.join()
            process.close()


def _gathered(team, end, seconds, folder):
    """Return the results, or raise for the first rank that failed."""
    results, open_ = {}, dict(enumerate(team))
    while open_:
        left = end - time.monotonic()
        if left <= 0:
            raise _late(sorted(open_), team, seconds, folder)
        ready = wait([one for process, ours in open_.values() for one in (process.sentinel, ours)],
                     min(left, 1.0))
        for rank, (process, ours) in list(open_.items()):
            if ours not in ready and process.sentinel not in ready:
                continue
            kind, value = _answer(ours, end)
            if kind == "late":
                continue
            if kind != "result":
                raise _failed(rank, kind, value, open_, team, folder)
            results[rank] = value
            del open_[rank]
    return [results[rank] for rank in range(len(team))]


def _answer(ours, end):
    """Return what a rank has sent, ("death", None) if it ended without a word.

    ("late", None) if it stopped in mid-answer, and the rest did not come by `end`.
    """
    if not ours.poll():
        return "death", None
    got = []

    def read():
        with suppress(EOFError, OSError):  # it died in the midst
            got.append(ours.recv_bytes())

    reader = threading.Thread(target=read, daemon=True)  # reading has no limit of its own
    reader.start()
    reader.join(max(0.0, end - time.monotonic()))
    if reader.is_alive():
        return "late", None
    return pickle.loads(got[0]) if got else ("death", None)


def _failed(rank, kind, value, open_, team, folder):
    """Return the error for the rank that failed first.

    A rank that dies, or leaves the group as its error goes through a `finally`, is a lost
    connection to the others, whose errors may come before its own.
    """
    others = {one: both for one, both in open_.items() if one != rank}
    until = time.monotonic() + (GRACE if _follows(kind, value) else 0)
    first = rank, kind, value
    while others and _follows(*first[1:]):
        left = max(0.0, until - time.monotonic())
        ready = wait([one for process, ours in others.values()
                      for one in (process.sentinel, ours)], left)
        for one, (process, ours) in list(others.items()):
            if ours in ready or process.sentinel in ready:
                answer = _answer(ours, until)
                del others[one]
                if answer[0] in {"error", "death"} and not _follows(*answer):
                    first = one, *answer
        if not ready:
            break
    rank, kind, value = first
    if kind == "error":
        name, message, text, cause = value
        error = RuntimeError(f"rank {rank} of {len(team)} raised {name}: {message}")
        error.__cause__ = _unpickled(cause)
        error.add_note(f"On rank {rank}:\n{text.rstrip()}")
        return error
    team[rank][0].join(GRACE)
    code = team[rank][0].exitcode
    how = (f"was ended by {signal.Signals(-code).name}" if code is not None and code < 0
           else f"ended with exit status {code} before it returned")
    error = RuntimeError(f"rank {rank} of {len(team)} {how}; the other ranks were ended")
    return _with_prints(error, rank, folder)


def _follows(kind, value):
    """Tell whether an answer is an error that another rank's end may have made: gloo's own."""
    return kind == "error" and "gloo" in value[2]


def _late(late, team, seconds, folder):
    """Return the error for ranks that had not answered in time, with where they stand."""
    if hasattr(signal, "SIGUSR1"):
        for rank in late:
            with suppress(ProcessLookupError):
                os.kill(team[rank][0].pid, signal.SIGUSR1)
        time.sleep(0.2)  # they write it down
    who = f"rank {late[0]} of {len(team)} has" if len(late) == 1 else (
        f"ranks {', '.join(map(str, late))} of {len(team)} have")
    error = TimeoutError(f"{who} not answered within {seconds:g} seconds; all were ended")
    for rank in late:
        _with_prints(error, rank, folder)
    return error


def _with_prints(error, rank, folder):
    """Return the error with a note of the last lines that a rank printed, if it did."""
    path = _prints(folder, rank)
    text = path.read_text(encoding="utf8", errors="replace") if path.exists() else ""
    text = text.partition(f'  File "{__file__}"')[0]  # how it came to run the function
    if lines := [line for line in text.splitlines() if line and not line.startswith("[Gloo]")]:
        error.add_note("\n".join([f"Rank {rank} printed last:", *lines[-20:]]))
    return error


def _prints(folder, rank):
    return folder / f"{rank}.txt"


def _unpickled(cause):
    try:
        return pickle.loads(cause)
    except Exception:  # of a class that is not to be had here
        return None


# What follows runs in the processes.


def _work(function, arguments, rank, world, seconds, folder, theirs, inherited):
    """Join the group, run the function, send what it returns or raises, and end."""
    torch.set_num_threads(1)  # first: a fork has none of its parent's threads, and would wait
    if hasattr(os, "setsid"):
        os.setsid()
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds + ALONE)
    for one in inherited:
        one.close()
    _quiet(_prints(folder, rank))
    try:
        if isinstance(function, bytes):
            function, arguments = pickle.loads(function)
        _join(rank, world, seconds, folder)
        message = _packed(("result", function(rank, *arguments)))
    except BaseException as error:
        message = _packed(("error", _told(error)))
    with suppress(OSError, EOFError):
        theirs.send_bytes(message)
        theirs.recv_bytes()  # stay: a rank that leaves takes the others' connections along
    os._exit(0)


def _quiet(path):
    """Let all that is printed, by gloo too, go to a file."""
    kept = path.open("w", encoding="utf8", errors="replace", buffering=1)
    os.dup2(kept.fileno(), 1)
    os.dup2(kept.fileno(), 2)
    sys.stdout = sys.stderr = kept
    faulthandler.enable(kept)
    if hasattr(signal, "SIGUSR1"):
        faulthandler.register(signal.SIGUSR1, kept)


def _join(rank, world, seconds, folder):
    loops = [name for _, name in socket.if_nameindex() if name.startswith("lo")]
    if loops:
        os.environ["GLOO_SOCKET_IFNAME"] = loops[0]
    torch.manual_seed(0)
    dist.init_process_group("gloo", store=dist.FileStore(str(folder / "store"), world), rank=rank,
                            world_size=world, timeout=timedelta(seconds=max(1, seconds)))


def _told(error):
    """Return an error's type, message and traceback as text, and itself where that can be sent."""
    kept = error.__traceback__.tb_next or error.__traceback__  # without the line in `_work`
    text = "".join(traceback.format_exception(type(error), error, kept))
    try:
        cause = pickle.dumps(error)
    except Exception:  # whatever its members may raise
        cause = b""
    return type(error).__name__, str(error), text, cause


class _Pickler(pickle.Pickler):
    """Copies tensors with their numbers; multiprocessing's own would send a place in memory."""

    def reducer_override(self, value):
        if isinstance(value, torch.Tensor) and type(value) not in {torch.Tensor,
                                                                   torch.nn.Parameter}:
            raise TypeError(f"a {type(value).__name__} cannot be returned, since it belongs to "
                            f"its process; return an array, or its full_tensor()")
        return NotImplemented


def _packed(message):
    file = io.BytesIO()
    _Pickler(file).dump(message)
    return file.getvalue()
