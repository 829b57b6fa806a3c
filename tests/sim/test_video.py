import os

import av
import numpy as np
import pytest

from omniactor.errors import OutputError, VideoError
from omniactor.sim import video
from omniactor.sim.video import VideoWriter, compose_frame


def frames(count=12, size=64):
    for index in range(count):
        images = {"agentview": np.full((size, size, 3), index * 20, np.uint8), "wrist": np.zeros((size, size, 3), np.uint8)}
        yield compose_frame(images, "put it there", {"In a b": index > 5, "Close c": False}, f"step {index}")


def test_the_video_is_h264_yuv420p_with_every_frame_and_the_right_pace(tmp_path):
    writer = VideoWriter(tmp_path / "a.mp4")
    for frame in frames():
        writer.add(frame)
    assert writer.close() == tmp_path / "a.mp4"
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert float(stream.average_rate) == 20
        decoded = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    assert len(decoded) == 12
    assert abs(decoded[9][40, 20].mean() - 180) < 12
    assert os.listdir(tmp_path) == ["a.mp4"]


def test_frames_that_are_left_out_leave_the_one_before_on_the_screen(tmp_path):
    writer = VideoWriter(tmp_path / "a.mp4")
    for at, frame in zip((0, 3, 4, 10), frames(), strict=False):
        writer.add(frame, at)
    with av.open(str(writer.close())) as container:
        assert [round(frame.time * 20) for frame in container.decode(video=0)] == [0, 3, 4, 10]
        assert container.duration / av.time_base == pytest.approx(11 / 20, abs=0.3)


def test_a_goal_light_turns_green_when_its_predicate_holds():
    off, on = (list(frames())[i] for i in (0, 11))
    light = (64 + 26 + 13, 14)  # centre of the first light
    assert tuple(off[light]) == video.LIGHT_OFF
    assert tuple(on[light]) == video.LIGHT_ON
    second = (light[0] + 26, 14)
    assert tuple(on[second]) == video.LIGHT_OFF


def test_sides_are_even_and_a_long_instruction_is_cut():
    image = {"a": np.zeros((33, 33, 3), np.uint8)}
    frame = compose_frame(image, "x" * 100_000, {"P": True})
    assert frame.shape[0] % 2 == 0
    assert frame.shape[1] % 2 == 0


def test_no_frames_leave_no_file(tmp_path):
    assert VideoWriter(tmp_path / "a.mp4").close() is None
    assert not os.listdir(tmp_path)


def test_an_abandoned_video_leaves_no_half_file(tmp_path):
    writer = VideoWriter(tmp_path / "a.mp4")
    for frame in frames(3):
        writer.add(frame)
    writer.discard()
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("name", ["a.avi", "missing/a.mp4", "a"])
def test_impossible_paths_are_refused_at_once(tmp_path, name):
    with pytest.raises(OutputError):
        VideoWriter(tmp_path / name)


def test_without_an_h264_encoder_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(video, "ENCODERS", ("no_such_encoder",))
    with pytest.raises(VideoError, match="pip install"):
        video.find_encoder()
