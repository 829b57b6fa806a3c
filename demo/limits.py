"""Every number the page keeps to, in one place; a test checks that the built page uses them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What one server allows.

    Attributes:
        max_steps: most actions in one episode.
        default_steps: what the slider starts with.
        page_steps: most actions on a live page.
        default_page_steps: what its slider starts with.
        episodes: most recorded episodes taken out of an uploaded archive.
        unpacked: most bytes that an archive may grow to.
        run_seconds: longest episode in wall-clock time; it is then stopped and its video shown.
        pictures_per_second: most live pictures sent to one browser.
        steps_per_picture: of the arm, which takes 20 steps a second: cameras are drawn for the page and its video at every so
            many steps. Drawing is what takes the longest without a GPU.
        steps_per_second: of the arm: while an episode is slower, fewer of these pictures are drawn. A little more than real
            time, 20, because an episode's first decision and the end of its video take longer than a step.
        pictures_kept: live pictures on disk per visitor; the browser has this many to catch up with.
        simulators: most simulator processes alive at once, the spare one included.
        running_at_once: most episodes running at once; the others wait in the queue.
        predictions_at_once: most screenshots that models look at at once; the others wait in the queue.
        idle_seconds: a visitor who runs nothing for so long loses simulator and files.
        takeover_seconds: when all simulators are taken, one idle for so long goes to the next visitor.
        unwatched_seconds: an episode whose pictures nobody fetches for so long is stopped.
        reap_seconds: how often idle visitors are looked for.
        instruction_characters: longest instruction.
        queue_size: most waiting events.
        threads: of the web server.
        state_sessions: visitors whose page state is kept.
        kept_episodes: episodes cut short by a closed page that stay on the server, the newest ones.
        upload: largest uploaded file.
        cache_check_seconds: how often Gradio looks for old files.
        cache_age_seconds: when a file is old.
    """

    max_steps: int = 400
    default_steps: int = 400
    page_steps: int = 100
    default_page_steps: int = 30
    episodes: int = 20
    unpacked: int = 200_000_000
    run_seconds: float = 300.0
    pictures_per_second: float = 10.0
    steps_per_picture: int = 2
    steps_per_second: float = 22.0
    pictures_kept: int = 50
    simulators: int = 4
    running_at_once: int = 2
    predictions_at_once: int = 1
    idle_seconds: float = 900.0
    takeover_seconds: float = 60.0
    unwatched_seconds: float = 20.0
    reap_seconds: float = 30.0
    instruction_characters: int = 300
    queue_size: int = 32
    threads: int = 16
    state_sessions: int = 200
    kept_episodes: int = 20
    upload: str = "32mb"
    cache_check_seconds: int = 600
    cache_age_seconds: int = 1800


LIMITS = Limits()
