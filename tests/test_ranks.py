"""A function on several processes: what comes back, and that nothing hangs or stays behind."""

import multiprocessing
import os
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import warnings

import numpy as np
import psutil
import pytest
import torch
import torch.distributed as dist
from torch.distributed.tensor import Shard, distribute_tensor, init_device_mesh

from descent import processes, ranks


@pytest.fixture(params=["fork", "spawn"])
def either(request, monkeypatch):
    """Run by fork, as on Linux, and by fresh processes, as elsewhere."""
    if request.param == "fork" and not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    monkeypatch.setattr(processes, "_forks", lambda: request.param == "fork")


@pytest.mark.usefixtures("either")
def test_a_rank_returns_what_it_made_with_the_others():
    factor = 10  # of no module: it goes along

    def work(rank, add):
        print("gloo prints too")
        total = torch.full((2,), float(rank + add))
        dist.all_reduce(total)
        return rank, total, factor * np.ones(rank), [dist.get_world_size(), "a"], torch.rand(1)

    (r0, t0, a0, *rest0, random0), (r1, t1, a1, *rest1, random1) = ranks(work, 2, 5)
    assert (r0, r1, t0.tolist(), t1.tolist()) == (0, 1, [11, 11], [11, 11])
    assert (a0.tolist(), a1.tolist(), rest0, rest1) == ([], [10], [[2, "a"]], [[2, "a"]])
    assert random0 == random1 == torch.rand(1, generator=torch.Generator().manual_seed(0))


def test_one_rank_is_a_group_and_tensors_keep_their_kind():
    def work(rank):
        return torch.ones(2, dtype=torch.bfloat16), torch.nn.Parameter(torch.ones(1))

    ((half, parameter),) = ranks(work, 1)
    assert half.dtype is torch.bfloat16
    assert parameter.requires_grad


def test_nothing_is_printed(capfd):
    def work(rank):
        print("seen")
        os.write(2, b"seen")
        dist.barrier()

    ranks(work, 2)
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("either")
def test_the_error_of_a_rank_is_told_and_ends_the_others():
    def work(rank):
        if rank == 1:
            raise KeyError("lost")
        dist.barrier()  # waits for a rank that does not come

    with pytest.raises(RuntimeError, match="rank 1 of 2 raised KeyError: 'lost'") as error:
        ranks(work, 2)
    assert isinstance(error.value.__cause__, KeyError)
    assert 'raise KeyError("lost")' in "".join(error.value.__notes__)


@pytest.mark.parametrize(("end", "match"), [
    (lambda: os.kill(os.getpid(), signal.SIGKILL), "rank 1 of 3 was ended by SIGKILL"),
    (lambda: os._exit(7), "rank 1 of 3 ended with exit status 7")])
def test_a_rank_that_dies_is_named_though_the_others_lose_their_connection(end, match):
    def work(rank):
        print("about to end")
        if rank == 1:
            dist.barrier()
            end()
        dist.barrier()
        dist.barrier()

    with pytest.raises(RuntimeError, match=match) as error:
        ranks(work, 3)
    assert "about to end" in "".join(error.value.__notes__)


def test_the_error_told_is_the_first_one_s_though_it_comes_last():
    """Who leaves the group while its error is under way is a lost connection to the others."""
    def work(rank):
        if rank == 1:
            dist.barrier()
            try:
                raise KeyError("first")
            finally:
                dist.destroy_process_group()
                time.sleep(0.5)  # by now the others have told theirs
        dist.barrier()
        dist.barrier()

    with pytest.raises(RuntimeError, match="rank 1 of 2 raised KeyError: 'first'"):
        ranks(work, 2)


def test_a_rank_that_has_returned_stays_for_the_others_and_has_an_alarm():
    def work(rank):
        time.sleep(0.3 * rank)
        total = torch.ones(1)
        dist.all_reduce(total, async_op=rank == 0)  # rank 0 returns before rank 1 has begun
        return total.item(), signal.getitimer(signal.ITIMER_REAL)[0], (
            signal.getsignal(signal.SIGALRM) is signal.SIG_DFL)

    before = signal.signal(signal.SIGALRM, signal.SIG_IGN)
    try:
        (_, *alarm), (total, *other) = ranks(work, 2, seconds=20)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert total == 2
    for left, deadly in (alarm, other):
        assert 0 < left <= 20 + processes.ALONE
        assert deadly


def test_a_rank_that_has_returned_does_not_outlive_who_started_it(tmp_path):
    def work(rank):
        (tmp_path / f"{rank}.new").write_text(str(os.getpid()), encoding="utf8")
        (tmp_path / f"{rank}.new").rename(tmp_path / str(rank))
        time.sleep(60 * rank)  # rank 1 would hold rank 0's connection open

    starter = multiprocessing.get_context("fork").Process(target=ranks, args=(work, 2))
    starter.start()
    try:
        assert within(40, lambda: all((tmp_path / str(rank)).exists() for rank in (0, 1)))
        starter.kill()
        first, second = (int((tmp_path / str(rank)).read_text(encoding="utf8")) for rank in (0, 1))
        assert within(10, lambda: not lives(first))
        assert lives(second)
    finally:
        starter.kill()
        starter.join()
        for path in tmp_path.glob("?"):
            if lives(pid := int(path.read_text(encoding="utf8"))):
                os.kill(pid, signal.SIGKILL)


def within(seconds, so):
    """Wait until it is so; return whether it came in time."""
    end = time.monotonic() + seconds
    while not (done := so()) and time.monotonic() < end:
        time.sleep(0.05)
    return done


def lives(pid):
    """Tell whether a process is there, and no zombie that nobody asks for."""
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_time_runs_out_and_the_error_says_who_stood_where():
    def work(rank):
        if rank == 1:
            time.sleep(60)

    start = time.monotonic()
    with pytest.raises(TimeoutError, match=r"rank 1 of 2 has not answered within 1\.5 s") as error:
        ranks(work, 2, seconds=1.5)
    assert time.monotonic() - start < 10
    assert "test_ranks.py" in "".join(error.value.__notes__)
    assert "processes.py" not in "".join(error.value.__notes__)


def test_a_dtensor_is_refused():
    def work(rank):
        mesh = init_device_mesh("cpu", (2,))
        return [distribute_tensor(torch.ones(4), mesh, [Shard(0)])]

    with pytest.raises(RuntimeError, match=r"TypeError: a DTensor cannot be returned.*full_tensor"):
        ranks(work, 2)


@pytest.mark.parametrize(("function", "world", "seconds", "error", "match"), [
    (None, 2, 1, TypeError, "function must be a function of the rank, got None"),
    (len, 2.0, 1, TypeError, "world must be a whole number of processes, got 2.0"),
    (len, True, 1, TypeError, "world must be a whole number"),
    (len, 0, 1, ValueError, "world must be at least 1, got 0"),
    (len, 2, 0, ValueError, "seconds must be above 0 and finite, got 0"),
    (len, 2, float("inf"), ValueError, "seconds must be above 0 and finite"),
    (len, 2, "1", TypeError, "seconds must be a number, got '1'")])
def test_what_makes_no_sense_is_refused(function, world, seconds, error, match):
    with pytest.raises(error, match=match):
        ranks(function, world, seconds=seconds)


def test_what_cannot_be_sent_to_a_fresh_process_is_refused(monkeypatch):
    monkeypatch.setattr(processes, "_forks", lambda: False)
    lock = threading.Lock()
    with pytest.raises(TypeError, match="can be sent them, got <function"):
        ranks(lambda rank: lock, 2)


def test_a_member_of_a_group_is_refused():
    def work(rank):
        return ranks(len, 2)

    with pytest.raises(RuntimeError, match="RuntimeError: ranks starts a group of its own"):
        ranks(work, 1)


def test_nothing_stays_behind(tmp_path, monkeypatch):
    """No process, no zombie, no file and no descriptor, however a run ends."""
    def fail(rank):
        raise ValueError

    def started(rank):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        if rank == 0:
            os._exit(1)
        return child.pid

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ranks(abs, 2)
    before = set(os.listdir("/proc/self/fd"))
    seen = set(children())
    for work in (abs, fail, started):
        try:
            ranks(work, 2)
        except RuntimeError:
            assert work is not abs
    assert set(os.listdir("/proc/self/fd")) == before
    assert list(tmp_path.iterdir()) == []
    assert set(children()) == seen


def children():
    """Return the processes that this one has started, and theirs."""
    return [one.pid for one in psutil.Process().children(recursive=True)]


def test_threads_of_the_parent_and_two_runs_at_once_do_no_harm():
    code = """
import torch, threading, warnings
warnings.simplefilter("error")
import torch.distributed as dist
from descent import ranks
torch.set_num_threads(2)
big = torch.randn(600, 600)
big @ big; big.exp().sum()  # starts OpenMP's threads
def work(rank, k):
    big @ big
    total = big.exp().sum() * 0 + rank + k
    dist.all_reduce(total)
    return total.item()
made = {0: ranks(work, 2, 0, seconds=40)}  # from the thread that has used them
def run(k): made[k] = ranks(work, 2, k)
threads = [threading.Thread(target=run, args=(k,)) for k in (1, 2)]
[t.start() for t in threads]; [t.join() for t in threads]
print(made[0], made[1], made[2])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          env={**os.environ, "OMP_NUM_THREADS": "2"}, timeout=100, check=True)
    assert done.stdout == "[1.0, 1.0] [3.0, 3.0] [5.0, 5.0]\n"


def test_python_s_warning_of_a_fork_beside_threads_is_not_shown(monkeypatch):
    """From 3.12 on Python gives it; here it is given by hand, where the fork is."""
    fork = os.fork

    def warned():
        pid = fork()
        if pid:
            warnings.warn(f"This process (pid={os.getpid()}) is multi-threaded, use of fork() may "
                          f"lead to deadlocks in the child.", DeprecationWarning, stacklevel=2)
        return pid

    monkeypatch.setattr(os, "fork", warned)
    assert ranks(abs, 2) == [0, 1]


def _no_more():
    raise EOFError("of the copy itself")


class Spoilt:
    """Cannot be made anew from what was sent."""

    def __reduce__(self):
        return _no_more, ()


def test_an_answer_that_cannot_be_read_is_no_death():
    with pytest.raises(EOFError, match="of the copy itself"):
        ranks(lambda rank: Spoilt(), 1)


def test_an_answer_that_stops_half_way_is_not_waited_for():
    ours, theirs = multiprocessing.Pipe()
    os.write(theirs.fileno(), struct.pack("!i", 100) + b"abc")  # 3 of 100 bytes
    began = time.monotonic()
    assert processes._answer(ours, began + 0.2) == ("late", None)
    assert time.monotonic() - began < 5
    theirs.close()
