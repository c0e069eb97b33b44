import math

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from descent import device, schedules, sgd, tasks
from descent.tasks import (
    breast_cancer,
    by_rarity,
    compare,
    digit_rows,
    digits,
    digits_slice,
    fit,
    interval,
    names,
    resplit,
    spelling,
    tune,
)


@pytest.mark.parametrize(("task", "rows"), [
    (breast_cancer, 569), (digits, 1797), (digit_rows, 1797),
])
def test_split(task, rows):
    parts = [task().train, task().validation, task().test]
    sizes = [len(y) for _, y in parts]
    assert sum(sizes) == rows
    assert sizes == pytest.approx([0.6 * rows, 0.2 * rows, 0.2 * rows], abs=1)
    every = torch.cat([x.flatten(1) for x, _ in parts]).cpu().numpy()
    assert len(np.unique(every, axis=0)) == rows  # no example in two parts
    assert parts[0][0].mean().abs() < 1e-5


@pytest.mark.parametrize("task", [breast_cancer, digit_rows])
def test_another_split_deals_the_same_examples_and_standardises_them_anew(task):
    old, new, other = ([one.train, one.validation, one.test]
                       for one in (task(), resplit(task(), 1), resplit(task(), 2)))
    assert [len(y) for _, y in new] == [len(y) for _, y in old]
    whole = torch.cat([y for _, y in old])
    for _, y in new:
        shares = y.bincount() / len(y) - whole.bincount() / len(whole)
        assert shares.abs().max() < 0.01
    x = new[0][0]
    for inputs in (x, old[0][0]):
        mean, scale = (inputs.mean(0), inputs.std(0, correction=0)) if x.ndim == 2 else (
            inputs.mean(), inputs.std(correction=0))
        assert mean.abs().max() < 1e-5
        assert (scale - 1).abs().max() < 1e-5
    before, after = (torch.cat([x.flatten(1) for x, _ in parts]) for parts in (old, new))
    nearest = torch.cdist(after[:20] * before.std() / after.std(), before).argmin(1)
    assert torch.equal(torch.cat([y for _, y in new])[:20], whole[nearest])  # labels went along
    assert not torch.equal(new[2][0], other[2][0])
    assert torch.equal(new[2][0], resplit(task(), 1).test[0])


def test_another_split_of_numbered_parts_is_refused():
    with pytest.raises(ValueError, match="task must have inputs that can be standardised"):
        resplit(spelling(), 1)


def test_digits_has_the_size_it_says():
    assert sum(p.numel() for p in digits().make().parameters()) == 3706


def test_names_are_split_and_numbered():
    task = names()
    parts = [task.train, task.validation, task.test]
    sizes = [len(y) for _, y in parts]
    assert sizes == [3733, 1244, 1245]
    assert [y.float().mean().item() for _, y in parts] == pytest.approx([0.5] * 3, abs=1e-3)
    seen = torch.bincount(task.train[0].flatten(), minlength=6145)
    assert len(seen) == len(task.make().weight) == 6145
    assert seen[1:].min() >= 2
    every = torch.cat([x for x, _ in parts])
    assert every.max() <= 6144
    row = every[0][every[0] > 0]
    assert len(row.unique()) == len(row)


def test_with_cuda_convolutions_keep_their_digits(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device() == torch.device("cpu")
    assert torch.backends.cudnn.allow_tf32
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device() == torch.device("cuda")
    assert not torch.backends.cudnn.allow_tf32


def test_a_name_is_the_sum_of_its_parts():
    task = names()
    model, x = task.make(), task.test[0][:3].cpu()
    with torch.no_grad():
        model.weight.normal_(generator=torch.Generator().manual_seed(0))
        model.weight[0] = 0
        model.bias.fill_(0.5)
    expected = torch.stack([model.weight[row[row > 0]].sum(0) + 0.5 for row in x])
    torch.testing.assert_close(model(x), expected)
    model(x).sum().backward()
    assert (model.weight.grad[0] == 0).all()


def test_the_gru_is_torchs():
    ours, x = digit_rows().make(), digit_rows().test[0][:5].cpu()
    theirs = torch.nn.GRU(8, 16, batch_first=True)
    theirs.load_state_dict({
        f"{theirs_name}_l0": value for name, theirs_name in (("enter", "ih"), ("recur", "hh"))
        for theirs_name, value in ((f"weight_{theirs_name}", getattr(ours, name).weight),
                                   (f"bias_{theirs_name}", getattr(ours, name).bias))})
    torch.testing.assert_close(ours(x), ours.leave(theirs(x)[1][0]))


def test_halves_by_rarity():
    task = names()
    rare, frequent = by_rarity(task)
    assert len(rare.test[1]) + len(frequent.test[1]) == len(task.test[1])
    seen = torch.bincount(task.train[0].flatten())

    def share(part):
        x = part.test[0]
        return ((seen[x] <= 10) & (x > 0)).sum(1) / (x > 0).sum(1)

    assert share(rare).min() >= share(frequent).max()
    assert rare.train is task.train


def test_a_batched_fit_is_a_plain_training():
    task, steps = breast_cancer(), 30
    batched = fit(task, sgd, seeds=[5, 6], steps=steps, lr=[0.01, 0.1], momentum=0.9)
    with torch.random.fork_rng():
        torch.manual_seed(6)
        model = task.make()
    x, y = (part.cpu() for part in task.train)
    random, rows = torch.Generator().manual_seed(6), []
    while len(rows) < steps:
        order = torch.randperm(len(y), generator=random)
        rows += list(order[:len(y) // 64 * 64].split(64))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for batch in rows[:steps]:
        optimizer.zero_grad()
        cross_entropy(model(x[batch]), y[batch]).backward()
        optimizer.step()
    x, y = (part.cpu() for part in task.test)
    expected = cross_entropy(model(x), y).item()
    assert batched.test_loss.shape == (2, 2)
    assert batched.test_loss[1, 1] == pytest.approx(expected, rel=1e-4)
    assert batched.gradients == steps


def test_a_fit_repeats_itself():
    runs = [fit(breast_cancer(), sgd, seeds=[0], steps=5, lr=[0.1]).test_loss for _ in range(2)]
    np.testing.assert_array_equal(*runs)


def test_a_diverged_training_has_infinite_loss():
    lost = fit(breast_cancer(), sgd, seeds=[0], steps=300, lr=[1e38])
    assert lost.train_loss.tolist() == [[math.inf]]


def test_a_schedule_multiplies_each_lr():
    budget = {"seeds": [0, 1], "steps": 6, "momentum": 0.9}
    falling = schedules.cosine_annealing(1.0, 6)
    both = fit(breast_cancer(), sgd, lr=[0.1, 0.4], schedule=falling, **budget).test_loss
    for lr, losses in zip((0.1, 0.4), both, strict=True):
        one = fit(breast_cancer(), sgd, lr=lambda k, lr=lr: lr * falling(k), **budget).test_loss
        assert losses == pytest.approx(one[0], rel=1e-5)
    default = fit(breast_cancer(), sgd, schedule=lambda k: 100.0, **budget).test_loss
    assert default == pytest.approx(fit(breast_cancer(), sgd, lr=0.1, **budget).test_loss, rel=1e-5)


def test_a_schedule_may_differ_by_model():
    budget = {"steps": 5, "lr": [0.1, 0.4]}
    factors = np.array([[1.0, 0.5], [0.25, 0.0]])
    mixed = fit(breast_cancer(), sgd, seeds=[0, 1], schedule=lambda k: factors, **budget)
    one = fit(breast_cancer(), sgd, seeds=[1], schedule=lambda k: 0.5, **budget)
    assert mixed.test_loss[0, 1] == pytest.approx(one.test_loss[0, 0], rel=1e-5)
    still = fit(breast_cancer(), sgd, seeds=[1], steps=5, schedule=lambda k: 0.0)
    assert mixed.test_loss[1, 1] == pytest.approx(still.test_loss[0, 0], rel=1e-5)


def test_a_fit_can_be_watched():
    seen = {}

    def watch(done, validation):
        if done % 2 == 0:
            seen[done] = validation()

    made = fit(breast_cancer(), sgd, seeds=[0, 1, 2], steps=4, lr=[0.1, 0.2], watch=watch)
    assert list(seen) == [2, 4]
    np.testing.assert_array_equal(seen[4], made.validation_loss)
    half = fit(breast_cancer(), sgd, seeds=[0, 1, 2], steps=2, lr=[0.1, 0.2])
    np.testing.assert_allclose(seen[2], half.validation_loss, rtol=1e-5)


def test_tune_chooses_on_validation_and_sees_the_edge():
    result = tune(breast_cancer(), sgd, [1e-5, 0.1], steps=20, tuning_seeds=[0], final_seeds=[1, 2])
    assert result.lr == 0.1
    assert result.at_edge
    assert result.lr == result.grid[result.validation.mean(1).argmin()]
    inner = tune(breast_cancer(), sgd, np.geomspace(1e-5, 100, 8), steps=20, tuning_seeds=[0],
                 final_seeds=[1, 2])
    assert not inner.at_edge
    assert inner.final.test_loss.shape == (1, 2)


def test_bad_input():
    with pytest.raises(ValueError, match="tuning_seeds and final_seeds must differ"):
        tune(breast_cancer(), sgd, [0.1], steps=1, tuning_seeds=[1], final_seeds=[1, 2])
    with pytest.raises(ValueError, match=r"one length, got \[1, 2\]"):
        fit(breast_cancer(), sgd, seeds=[0], steps=1, lr=[0.1], momentum=[0.1, 0.2])
    with pytest.raises(ValueError, match="at least one seed"):
        fit(breast_cancer(), sgd, seeds=[], steps=1)
    with pytest.raises(ValueError, match="batch_size must be in"):
        fit(breast_cancer(), sgd, seeds=[0], steps=1, batch_size=1000)
    with pytest.raises(ValueError, match="two or more"):
        interval([1.0])


def test_interval_is_students():
    mean, half = interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert mean == 3
    assert half == pytest.approx(2.7764451 * math.sqrt(2.5 / 5), rel=1e-6)


@pytest.mark.parametrize(("a", "b", "verdict"), [
    ([1.0, 1.1, 0.9], [2.0, 2.1, 1.9], "a lower"), ([2.0, 2.1, 1.9], [1.0, 1.0, 0.9], "b lower"),
    ([1.0, 3.0, 2.0], [2.0, 1.0, 3.0], "no difference")])
def test_compare_is_paired(a, b, verdict):
    assert compare(a, b)[2] == verdict


def test_the_slice_of_a_networks_loss():
    surface, p, h = digits_slice(), np.array([[3.0, 0.5], [8.0, -1.0]]), 1e-5
    for axis in np.eye(2):
        slope = (surface.f(p + h * axis) - surface.f(p - h * axis)) / (2 * h)
        np.testing.assert_allclose(surface.grad(p) @ axis, slope, rtol=1e-5, atol=1e-8)
    assert surface.f(np.zeros(2)) < 0.1 * surface.f(np.array(surface.start))
    assert tasks.digits_slice() is surface


def test_a_task_cut_keeps_the_first_examples_of_the_parts_named():
    whole = tasks.digits()
    part = whole.cut(train=200, test=None)
    assert torch.equal(part.train[0], whole.train[0][:200])
    assert torch.equal(part.train[1], whole.train[1][:200])
    assert part.validation is whole.validation
    assert torch.equal(part.test[1], whole.test[1])
