"""Optimizers on many processes: the stored table is whole, and a slice of it is run again."""

import os
import re
import signal
from warnings import catch_warnings, simplefilter

import pytest
import torch
from torch.nn.parallel import DistributedDataParallel

from descent import Optimizer, adam, lab, ranks
from descent.lab.experiments.sharded import WORLDS
from descent.optim.shapes import mixes
from descent.parity import BEYOND, ROWS, machines, sharded
from descent.parity.sharded import Outcome, cases_of, measure, network, whole, worst, wrapped


@pytest.fixture(scope="module")
def stored():
    return lab.load("sharded")


def test_every_rule_and_class_was_run_every_way(stored):
    names = {row.rule.__name__ for row in (*ROWS, *BEYOND)} | {
        row.torch_class.__name__ for row in ROWS}
    assert set(stored) == {f"{name}, {world} ranks" for name in names | {"lars"}
                           for world in WORLDS}
    for trial, ways in stored.items():
        name = trial.partition(",")[0]
        cases = cases_of(name, sharded.WRAPPINGS[:-1 if name[0].isupper() else None])
        assert set(ways) == {f"{case.wrapping}, {case.shards}" for case in cases}, trial
        assert all(one["settings"] == len(sharded.keyword_sets(name)) for one in ways.values())


ENTRYWISE = [row.rule.__name__ for row in (*ROWS, *BEYOND) if row.loop and not mixes(row.rule)]


def test_no_number_is_as_far_off_as_can_be():
    one, lost = torch.ones(2), torch.tensor([1.0, torch.nan])
    assert sharded._distance([one, lost], [one, one]) == sharded._distance(
        [one, one], [lost, one]) == torch.inf
    assert sharded._distance([one], [one]) == 0


@pytest.mark.parametrize("name", ENTRYWISE)
def test_a_rule_of_single_entries_keeps_its_bits_on_two_ranks(stored, name):
    ways = stored[f"{name}, 2 ranks"]
    dense = {way: one for way, one in ways.items() if not way.endswith("sparse")}
    assert {one["difference"] for one in dense.values()} == {0.0}
    assert all(one["agree"] and not one["raises"] for one in dense.values())
    four = stored[f"{name}, 4 ranks"]
    assert all(one["difference"] < sharded.LAST_DIGITS and one["agree"] and not one["raises"]
               for way, one in four.items() if not way.endswith("sparse"))


@pytest.mark.parametrize("name", ["adafactor", "muon", "lars"])
def test_a_rule_that_mixes_entries_is_right_as_a_dtensor_and_wrong_on_its_slice(stored, name):
    for world in WORLDS:
        for way, one in stored[f"{name}, {world} ranks"].items():
            assert one["agree"]
            assert not one["raises"]
            assert (one["difference"] > 1e-4) == way.startswith("its slice alone"), way


def test_the_table_says_it_in_words(stored):
    _, _, *text = repr(sharded.table(stored)).splitlines()
    lines = {name: cells for name, *cells in (re.split(r" {2,}", line.strip()) for line in text)}
    assert lines["adam"] == ["bits"] * 5
    assert lines["muon"][:3] == ["bits", "bits", "last digits"]
    assert lines["Adafactor"][2] == lines["Rprop"][2] == "RuntimeError"
    assert lines["lbfgs"][0] == "bits"
    assert lines["lbfgs"][3] == "RuntimeError"
    assert len(lines) == len(sharded.NAMES) + 1  # sparseadam, with dense gradients and with sparse


def test_a_slice_of_the_table_live():
    """Rules, a wrapping each, with shapes that do not divide: as on one process."""
    cases = [*cases_of("adam", ("FSDP2",), shards=("uneven",)),
             *cases_of("nadam", ("ZeRO-1",), shards=("uneven",)),
             *cases_of("muon", ("FSDP2", "its slice alone"), shards=("uneven",)),
             *cases_of("adafactor", ("FSDP2",), shards=("even",))]
    found = {}
    for case, one in zip(cases, measure(cases), strict=True):
        found.setdefault((case.name, case.wrapping), []).append(one)
    assert worst(found["adam", "FSDP2"]) == worst(found["nadam", "ZeRO-1"]) == Outcome()
    assert worst(found["muon", "FSDP2"]).says == worst(found["adafactor", "FSDP2"]).says == (
        "last digits")
    assert worst(found["muon", "its slice alone"]).difference > 0.01


def test_what_raises_is_found_among_others():
    """One case in the middle fails; the others have their numbers."""
    cases = [*cases_of("Adafactor", ("FSDP2",), shards=("even",))[:1],
             *cases_of("SGD", ("DDP",), shards=("even",))[:1]]
    raised, right = measure(cases)
    assert raised.says == "RuntimeError"
    assert "in-place" in raised.raises or "partial" in raised.raises.lower()
    assert right == Outcome()


def test_ranks_that_differ_are_told():
    assert not sharded._compared([([torch.ones(1)], [torch.ones(1)]),
                                  ([torch.zeros(1)], [torch.ones(1)])]).agree
    assert worst([Outcome(), Outcome(raises="ValueError: x"), Outcome(1.0)]).says == "ValueError"
    assert worst([Outcome(2e-3), Outcome()]).says == "2e-03 off"
    assert Outcome(1.0, agree=False).says == "ranks differ"
    assert Outcome(raises="TimeoutError: ranks 0, 1").says == "hangs"


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match=r"name must be one of .*, got 'adamm'"):
        cases_of("adamm")


def _columns(p, g, t, C=0.0, *, lr=0.1):
    """Keep a sum over columns, which a DTensor of rows leaves open until somebody needs it."""
    C = (g**2).sum(0, keepdim=True)
    return p - lr * g, C


def _placements(rank):
    model = wrapped(network("even", "muon"), "FSDP2")
    optimizer = Optimizer(model.parameters(), _columns)
    for x, y in sharded.batches("even", 2):
        sharded.loss_of(model, (x, y)).backward()
        optimizer.step()
    states = [optimizer.state[p]["C"] for p in model.parameters()]
    sums = [(p.grad.full_tensor()**2).sum(0, keepdim=True) for p in model.parameters()]
    return [str(x.placements) for x in states], [
        torch.allclose(x.to_local(), total) for x, total in zip(states, sums, strict=True)]


def test_what_is_kept_is_no_open_sum():
    (placements, right), _ = ranks(_placements, 2)
    assert placements == ["(Replicate(),)"] * 3
    assert all(right)


@pytest.mark.parametrize("way", ["FSDP2", "buckets"])
def test_compiled_steps_leave_alone_what_cannot_be_laid(way):
    """DTensors, and views of ZeRO's buckets: stepped without a kernel, to the bit, and told."""
    def work(rank, compiled):
        model = network("uneven")
        model = wrapped(model, "FSDP2") if way == "FSDP2" else DistributedDataParallel(model)
        if way == "FSDP2":
            optimizer = Optimizer(model.parameters(), adam, lr=1e-2, compile=compiled)
        else:
            optimizer = sharded.ZeroRedundancyOptimizer(
                model.parameters(), optimizer_class=Optimizer, rule=adam, lr=1e-2,
                compile=compiled, parameters_as_bucket_view=True)
        with catch_warnings(record=True) as told:
            simplefilter("always")
            for x, y in sharded.batches("uneven", 3):
                model.zero_grad()
                sharded.loss_of(model, (x[rank::2], y[rank::2])).backward()
                optimizer.step()
        return (torch.cat([whole(p).flatten() for p in model.parameters()]),
                [str(one.message) for one in told])

    (plain, _), _ = ranks(work, 2, False)
    for end, told in ranks(work, 2, True):
        assert torch.equal(end, plain)
        assert any("without a kernel" in one for one in told)


def test_the_step_of_single_entries_needs_no_communication():
    found = machines.collectives("adam", "lars", "muon")
    counts = {name: parts["step"] for name, parts in found.items()}
    assert counts["adam"] == {}
    assert counts["lars"] == {"all_reduce": 6}  # two norms of three matrices
    assert sum(counts["muon"].values()) > 20


def test_a_last_digit_decides_the_bases_of_a_matrix_that_is_not_square():
    """SOAP under FSDP2 ends as far from one process as a shaken run on one process does."""
    assert machines.shaken("soap", "even") > 0.01
    assert machines.shaken("soap", "square") < 1e-8
    assert machines.shaken("shampoo", "even") < 1e-11
    assert 0 < machines.shaken("adam", "even") < 1e-13


def test_beyond_torch_what_mixes_entries_is_another_matter(stored):
    two = {name: sharded.outcomes(stored, name) for name in ("shampoo", "soap", "prodigy")}
    for found in two.values():
        assert {one for way, one in found.items() if way[0] in "DZ"} == {Outcome()}
    assert two["shampoo"]["FSDP2, uneven"].difference < 1e-11
    assert two["soap"]["FSDP2, even"].difference > 0.01
    assert two["prodigy"]["FSDP2, even"].says == "last digits"
    assert "flatten unevenly" in two["prodigy"]["FSDP2, uneven"].raises


def test_the_norm_that_clips_is_that_of_all_slices():
    made = machines.clipped()
    assert made["FSDP2"] == made["one process"]
    assert made["FSDP2"] > max(made["slices"])


def test_a_line_search_needs_the_loss_of_all():
    assert machines.searched(mended=True)["agree"]
    (calls, end), *_ = ranks(machines._searched, 2, True, "DDP")
    ((calls_alone, alone),) = ranks(machines._searched, 1, False, "DDP")  # the whole batch at once
    assert calls == calls_alone
    torch.testing.assert_close(end, alone, rtol=1e-6, atol=1e-9)
    with pytest.raises((RuntimeError, TimeoutError)):
        machines.searched(mended=False, seconds=4)


def test_chance_drifts_only_where_each_rank_rounds_for_itself():
    assert machines.drifted("DDP", own_seeds=True) > 1e-3
    assert machines.drifted("DDP", own_seeds=False) == 0
    assert machines.drifted("FSDP2", own_seeds=True, steps=10) == 0


def test_memory_on_machines_that_are_not_there():
    for world in (1, 8, 512):
        assert machines.bytes_on(world) == {"parameters": 4 / world, "gradients": 4 / world,
                                            "state": 8 / world}


@pytest.mark.parametrize(("loaded", "bound"), [(2, 0), (4, 1e-14), (1, 1e-14)])
def test_a_run_goes_on_with_another_number_of_ranks(loaded, bound):
    assert machines.resumed("adam", 2, loaded)["difference"] <= bound


def test_a_rank_that_is_killed_ends_the_run_and_a_resume_loses_nothing(tmp_path):
    def killed(rank, step):
        if (rank, step) == (1, 7):
            os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(RuntimeError, match="rank 1 of 2 was ended by SIGKILL"):
        ranks(machines.trained, 2, "adamw", 10, tmp_path, 3, killed)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3", "6"]
    end, _ = ranks(machines.trained, 2, "adamw", 10, tmp_path)
    straight, _ = ranks(machines.trained, 2, "adamw", 10)
    assert torch.equal(end, straight)


def test_torch_s_fused_kernels_under_fsdp2_are_another_matter():
    """As the chapter says: Adam's may round otherwise by a slice's length, SGD's raises."""
    x = torch.randn(2, 16, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))

    def run(model, parts, make):
        optimizer = make(model.parameters(), lr=0.01, fused=True)
        for _ in range(5):
            optimizer.zero_grad()
            for part in parts:
                ((model(part) ** 2).mean() / len(parts)).backward()
            optimizer.step()
        return [whole(p) for p in model.parameters()]

    def on_rank(rank):
        model = wrapped(network("uneven"), "FSDP2")
        with pytest.raises(NotImplementedError, match="_fused_sgd_"):
            run(wrapped(network("uneven"), "FSDP2"), [x[rank]], torch.optim.SGD)
        return run(model, [x[rank]], torch.optim.Adam)

    alone = run(network("uneven"), x, torch.optim.Adam)
    for one, other in zip(ranks(on_rank, 2)[0], alone, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-14)
