import threading

import numpy as np

from omniactor.errors import RenderError


def test_images_are_upright_and_show_the_scene(standin_env):
    env = standin_env(49)
    env.reset(options={"init_state": 0})
    images = env.observe().images
    assert set(images) == {"agentview", "wrist"}
    for image in images.values():
        assert image.shape == (64, 64, 3)
        assert image.dtype == np.uint8
        assert image.std() > 10
    # Upright: project a can, nearer to the agentview camera than the robot's base, to pixels by hand.
    camera = env.model.camera("agentview")
    rotation = env.data.cam_xmat[camera.id].reshape(3, 3)

    def row(point):
        _, y, z = rotation.T @ (point - env.data.cam_xpos[camera.id])
        assert z < 0  # in front of the camera
        return y / -z  # up in the picture is positive

    can = env.data.body("tomato_sauce_1_main").xpos
    base = env.data.body("robot0_base").xpos
    assert row(can) < row(base)
    # The light robot stands in the upper half, the table fills the lower one.
    agentview = images["agentview"].astype(float)
    middle = agentview[:, 24:40]
    assert middle[4:28].max(axis=(1, 2)).mean() > middle[44:].max(axis=(1, 2)).mean()


def test_what_lies_outside_the_picture_is_not_drawn_and_not_missed(standin_env, monkeypatch):
    from omniactor.sim import render

    env = standin_env(0)
    env.reset(seed=1)
    for _ in range(3):
        for _ in range(5):
            env.step([0.6, -0.8, -0.5, 0, 0.5, 0.8, 0])
        drawn = env.observe().images
        env._frames = {}
        groups = env.model.geom_group.copy()
        with monkeypatch.context() as patch:
            patch.setattr(render, "outside_view", lambda model, data, camera: np.zeros(model.ngeom, bool))
            everything = env.observe().images
        for camera, picture in drawn.items():
            np.testing.assert_array_equal(picture, everything[camera])
        camera = env.model.camera("robot0_eye_in_hand").id
        assert render.outside_view(env.model, env.data, camera).sum() > env.model.ngeom // 4
        np.testing.assert_array_equal(env.model.geom_group, groups)


def test_consecutive_frames_share_no_memory(standin_env):
    env = standin_env(49)
    env.reset(options={"init_state": 0})
    first = env.observe().images["wrist"]
    kept = first.copy()
    for _ in range(10):
        env.step([0, 1, -1, 0, 0, 0, 0])
    second = env.observe().images["wrist"]
    assert not np.shares_memory(first, second)
    np.testing.assert_array_equal(first, kept)
    assert np.abs(first.astype(int) - second.astype(int)).mean() > 1


def test_another_thread_is_refused_instead_of_corrupting_the_context(standin_env):
    env = standin_env(49)
    env.reset(options={"init_state": 0})
    env.render()
    env.step(np.zeros(7))
    caught = []

    def look():
        try:
            env.render()
        except RenderError as error:
            caught.append(str(error))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert len(caught) == 1
    assert "thread" in caught[0]
