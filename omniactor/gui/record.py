"""Records of episodes on pages: the instance, every action as the paper prints it, a digest of the page after each."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields

from omniactor.actions.gui import parse_operation, print_operation
from omniactor.errors import ActionError, RecordError, UnknownTaskError
from omniactor.gui.pages import get_page
from omniactor.paths import write_json
from omniactor.types import GuiAction


@dataclass
class ScreenRecord:
    """One episode of one page.

    Attributes:
        task: the page's name.
        task_id: its number.
        agent: who acted.
        instruction: what the agent was told.
        assets: "miniwob".
        assets_fingerprint: see `PageSource.fingerprint`.
        seed: of the instance.
        step_seconds: of the page's clock after every action.
        start: digest of the page at the start, see `MiniWobEnv.digest`.
        actions: operations, all digits of their coordinates included.
        descriptions: the actions in words.
        digests: of the page after each action.
        success: the page gave its full reward.
        goals: see `MiniWobEnv.goals`.
        raw_reward: the page's own, -1 to 1.
        reason: why the page gave it, or what ended the episode.
        versions: of what the outcome depends on.
    """

    task: str
    task_id: int
    agent: str
    instruction: str
    assets: str
    assets_fingerprint: str
    seed: int
    step_seconds: float
    start: str
    actions: list[str] = field(default_factory=list)
    descriptions: list[str] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    success: bool = False
    goals: dict[str, bool] = field(default_factory=dict)
    raw_reward: float = 0.0
    reason: str = ""
    versions: dict[str, str] = field(default_factory=dict)

    @classmethod
    def begin(cls, env, agent: str, instruction: str) -> ScreenRecord:
        """Start a record of `env`, a `MiniWobEnv` that has just been reset."""
        return cls(
            task=env.task, task_id=env.spec_task.id, agent=agent, instruction=instruction, assets=env.assets.kind,
            assets_fingerprint=env.assets.fingerprint, seed=env.episode_seed, step_seconds=env.step_seconds,
            start=env.digest(), goals=env.goals(), versions=env.versions(),
        )  # fmt: skip

    @property
    def init_state(self) -> None:
        """None: pages have no published initial states."""
        return

    def add(self, env, step) -> None:
        """Append what `step` did; call it for every step with an action."""
        self.actions.append(print_operation(step.action, decimals=None))
        self.descriptions.append(step.action.description)
        self.digests.append(env.digest())
        self.success, self.goals = step.success, dict(step.goals)
        self.raw_reward, self.reason = env.raw_reward, env.reason

    def gui_actions(self) -> list[GuiAction]:
        """Return the actions as they were done."""
        pairs = zip(self.actions, self.descriptions, strict=True)
        return [_described(parse_operation(operation), words) for operation, words in pairs]

    def write(self, path) -> None:
        """Write the record as JSON, atomically."""
        from omniactor.record import FORMAT, VERSION

        write_json(path, {"format": FORMAT, "version": VERSION, "world": "gui", **asdict(self)})

    @classmethod
    def from_json(cls, content: dict, file) -> ScreenRecord:
        """Read what `write` wrote, without "format", "version" and "world".

        Raises:
            RecordError: incomplete or impossible.
        """
        try:
            record = cls(**content)
            page = get_page(record.task)
            actions = record.gui_actions()
        except (TypeError, ValueError, AttributeError, ActionError, UnknownTaskError) as error:
            raise RecordError(f"expected a complete record of a page in {file}, got: {error}; the file is damaged") from error
        texts = [record.agent, record.instruction, record.assets_fingerprint, record.start, record.reason, *record.digests]
        sound = (
            page.name == record.task
            and all(isinstance(text, str) for text in texts)
            and len(record.digests) == len(actions)
            and isinstance(record.seed, int)
            and 0 <= record.seed < 2**53
            and isinstance(record.step_seconds, (int, float))
            and 0 <= record.step_seconds <= 60
            and record.assets == "miniwob"
        )
        if not sound:
            raise RecordError(
                f"expected a page, a seed and actions with a digest each in {file}, got something else; the file is damaged"
            )
        return record


def _described(action: GuiAction, description: str) -> GuiAction:
    content = {entry.name: getattr(action, entry.name) for entry in fields(action)}
    return GuiAction(**{**content, "description": description})
