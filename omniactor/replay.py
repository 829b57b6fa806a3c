"""Run a recorded episode again and say whether every state came out the same, bit for bit."""

from __future__ import annotations

from omniactor.episode import EpisodeRequest, EpisodeResult, EpisodeRunner
from omniactor.gui.pages import is_page
from omniactor.record import read_record, state_digest


def replay_record(path: str, assets: str | None = None, video: str | None = None) -> dict:
    """Simulate a record again and compare every state.

    Args:
        path: of a record.
        assets: another kind than the recorded one, to see how much differs; the recorded one by default.
        video: path of an mp4 to write, or None.

    Returns:
        The rollout's JSON content plus `identical`, `first_difference` (0 = the start, else the step;
        None when identical), `recorded_success`, `recorded_versions`, `same_versions`, `same_assets`.

    Raises:
        RecordError: broken or foreign record.
    """
    record = read_record(path)
    request = EpisodeRequest(
        task=record.task,
        agent=f"replay:{path}",
        assets=assets or ("auto" if is_page(record.task) else record.assets),
        max_steps=max(1, len(record.actions)),
        video=video,
        instruction=record.instruction,
    )
    runner = EpisodeRunner()
    found: list[object] = []
    try:
        env = runner.environment(request)
        on_page = env.world == "gui"
        if on_page:
            env.step_seconds = record.step_seconds
        else:
            env.settle_steps = record.settle_steps
        for update in runner.run(request):
            if isinstance(update, EpisodeResult):
                result = update
            elif on_page:
                found.append(env.digest())
            elif update.index == 0:
                found.append((env.flat_state().tolist(), env.fixture_poses()))
            else:
                found.append(state_digest(env))
        same_assets = env.assets.fingerprint == record.assets_fingerprint
    finally:
        runner.close()
    expected = [record.start if on_page else (record.start, record.fixtures), *record.digests]
    length = max(len(found), len(expected))
    pairs = zip(found + [None] * (length - len(found)), expected + [None] * (length - len(expected)), strict=True)
    first = next((step for step, (new, old) in enumerate(pairs) if new != old), None)
    return {
        **result.as_json(),
        "identical": first is None,
        "first_difference": first,
        "recorded_success": record.success,
        "recorded_versions": record.versions,
        "same_versions": record.versions == result.versions,
        "same_assets": same_assets,
    }
