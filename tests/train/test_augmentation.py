"""What is changed in the samples of a run, and what is left alone."""

import numpy as np
import torch

from omniactor.model.presets import make_model
from omniactor.train.augmentation import Augmentation
from omniactor.train.batches import Batches
from omniactor.train.mixture import Mixture, Sample
from omniactor.train.toy import ToySource
from omniactor.types import GuiAction, Observation

ALL = Augmentation(shift=4, brightness=0.2, state_noise=0.01, state_dropout=0.5)


def arm():
    image = np.zeros((32, 32, 3), np.uint8)
    image[10:14, 20:24] = 200
    return Sample(
        Observation("embodied", {"agentview": image, "wrist": image}, "go", state=np.zeros(8, np.float32)), np.zeros((2, 7))
    )


def test_the_same_generator_gives_the_same_sample_and_another_one_another():
    one, same, other = (ALL.apply(arm(), np.random.default_rng(seed)) for seed in (1, 1, 2))
    for name in ("agentview", "wrist"):
        assert (one.observation.images[name] == same.observation.images[name]).all()
        assert (one.observation.images[name] != other.observation.images[name]).any()
    assert (one.observation.state == same.observation.state).all() and (one.observation.state != other.observation.state).all()
    assert (one.action == arm().action).all()


def test_pictures_move_by_at_most_so_many_pixels_and_cameras_apart():
    places = set()
    for seed in range(60):
        images = Augmentation(shift=4).apply(arm(), np.random.default_rng(seed)).observation.images
        for image in images.values():
            rows, columns = np.nonzero(image[..., 0])
            assert image.shape == (32, 32, 3) and len(rows) == 16
            assert abs(rows.min() - 10) <= 4 and abs(columns.min() - 20) <= 4
        places.add(tuple(int(np.argmax(image)) for image in images.values()))
    assert len(places) > 40 and any(one != other for one, other in places)


def test_brightness_and_noise_stay_within_their_measure():
    values, states = [], []
    for seed in range(400):
        seen = Augmentation(brightness=0.2, state_noise=0.01).apply(arm(), np.random.default_rng(seed)).observation
        values.append(int(seen.images["agentview"][12, 22, 0]))
        states.append(seen.state)
    low, high = (128 + 72 * 0.8) * 0.8, (128 + 72 * 1.2) * 1.2
    assert low - 1 <= min(values) < 170 and 230 < max(values) <= min(high, 255)
    deviation = np.std(states, axis=0)
    np.testing.assert_allclose(deviation, 0.01 * np.array([1, 1, 1, 3, 3, 3, 0.1, 0.1]), rtol=0.15)


def test_screens_are_left_alone():
    image = np.arange(300, dtype=np.uint8).reshape(10, 10, 3)
    sample = Sample(Observation("gui", {"screen": image}, "click"), GuiAction("click", point=(0.5, 0.5)))
    assert ALL.apply(sample, np.random.default_rng(0)) is sample


def test_no_augmentation_changes_nothing():
    before, after = arm().observation, Augmentation().apply(arm(), np.random.default_rng(0)).observation
    assert (before.images["wrist"] == after.images["wrist"]).all() and (before.state == after.state).all()


def test_the_state_is_hidden_in_its_share_of_samples_and_answers_never_are():
    model, processor = make_model("debug")  # autoregressive: answers are action ids as well
    mixture = Mixture([ToySource("embodied", 64)], [1.0], 64)
    plain = Batches(mixture, processor, model.config, 1).encode(0)
    hidden = Batches(mixture, processor, model.config, 1, augmentation=Augmentation(state_dropout=0.3)).encode(0)
    changed = plain["input_ids"] != hidden["input_ids"]
    rows = changed.any(dim=1)
    assert 8 <= int(rows.sum()) <= 32 and set(changed.sum(dim=1).tolist()) == {0, 8}
    assert torch.equal(plain["labels"], hidden["labels"]) and not (changed & (plain["labels"] >= 0)).any()
    assert (hidden["input_ids"][changed] == processor.tokenizer.pad_token_id).all()
    assert torch.equal(plain["attention_mask"], hidden["attention_mask"])


def test_a_screen_moves_with_the_points_of_its_action():
    screen = np.zeros((40, 80, 3), np.uint8)
    screen[20, 40] = 255
    where = (40.5 / 80, 20.5 / 40)
    action, places = GuiAction("drag", point=where, end=(0.7, 0.5), description="drag it"), set()
    for seed in range(40):
        sample = Sample(Observation("gui", {"screen": screen}, "drag it"), action)
        moved = Augmentation(screen_shift=5).apply(sample, np.random.default_rng(seed))
        (row, column) = np.argwhere(moved.observation.images["screen"][..., 0])[0]
        assert abs(row - 20) <= 5 and abs(column - 40) <= 5 and moved.observation.images["screen"].shape == screen.shape
        np.testing.assert_allclose(moved.action.point, ((column + 0.5) / 80, (row + 0.5) / 40), atol=6e-4)
        np.testing.assert_allclose(np.subtract(moved.action.end, moved.action.point), np.subtract((0.7, 0.5), where), atol=1.1e-3)
        assert moved.action.description == "drag it"
        places.add((row, column))
    assert len(places) > 20


def test_a_screen_stays_where_a_point_would_leave_it_and_an_action_without_points_stays_itself():
    screen = np.arange(40 * 80 * 3, dtype=np.uint32).astype(np.uint8).reshape(40, 80, 3)
    at_edge = Sample(Observation("gui", {"screen": screen}, "x"), GuiAction("click", point=(1.0, 1.0)))
    stayed = 0
    for seed in range(20):
        sample = Augmentation(screen_shift=5).apply(at_edge, np.random.default_rng(seed))
        assert all(value <= 1 for value in sample.action.point)
        stayed += (sample.observation.images["screen"] == screen).all()
    assert 0 < stayed < 20
    typed = Sample(Observation("gui", {"screen": screen}, "x"), GuiAction("write", text="x"))
    moved = [Augmentation(screen_shift=5).apply(typed, np.random.default_rng(seed)) for seed in range(5)]
    assert all(sample.action == typed.action for sample in moved)
    assert any((sample.observation.images["screen"] != screen).any() for sample in moved)


def test_a_batch_drawn_at_once_is_changed_row_by_row():
    changes = ALL.draw(5, ("agentview", "wrist"), np.random.default_rng(3))
    rows = [ALL.apply(arm(), np.random.default_rng(0), changes, row).observation for row in range(5)]
    for row, seen in enumerate(rows):
        np.testing.assert_array_equal(seen.state, changes.noise[row])
        for camera, image in enumerate(seen.images.values()):
            lit = changes.tables[row, camera]
            assert set(np.unique(image)) == {lit[0], lit[200]}
            down, right = changes.steps[row, camera]
            rows_, columns = np.nonzero(image[..., 0] == lit[200])
            assert (rows_.min(), columns.min()) == (10 + down, 20 + right)
    assert len({seen.state.tobytes() for seen in rows}) == 5
