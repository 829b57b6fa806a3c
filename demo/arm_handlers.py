"""What happens when somebody clicks on the tab of the robot arm: plain functions, testable without a browser."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import gradio as gr

from demo import arm_texts as texts
from demo import catalog, run_texts
from demo.agents import OfferedAgent
from demo.arm_agents import arm_agents, find_arm_agent
from demo.live import LiveRun
from demo.plots import action_plot, decision_plot
from demo.results import EVALUATION, evaluations
from demo.runs import LAST_SEED, RunHandlers, whole_number
from demo.sessions import SessionStore
from omniactor.episode import EpisodeRequest
from omniactor.errors import InputError, UnknownAgentError
from omniactor.instructions import check_instruction
from omniactor.sim.assets import AssetSource
from omniactor.sim.tasks import TASKS, Task, get_task

PUBLISHED, SEED = "Published state", "Seed"
LAST_STATE = 49


class ArmHandlers(RunHandlers):
    """The tab's handlers; holds what all visitors share and nothing of any one visitor."""

    tab, preparing = "arm", "Building the scene"

    def __init__(self, store: SessionStore, assets: AssetSource, offered: Mapping[str, OfferedAgent] | None = None) -> None:
        """Take the sessions, the 3-D models that were resolved at the start, and the models on offer."""
        super().__init__(store)
        self.assets, self.agents = assets, arm_agents(offered, assets.kind)
        folders = [agent.folder for agent in (offered or {}).values() if agent.folder]
        self.evaluations = [summary for folder in folders for summary in evaluations(folder / EVALUATION)]

    # Choosing

    def list_tasks(self, room: str, search: str, agent: str, task_id: int):
        """Return gallery, list of shown ids and the line below the search box."""
        shown = catalog.find(room, search)
        selected = shown.index(task_id) if task_id in shown else None
        chosen = self.agents[agent]
        gallery = gr.Gallery(value=catalog.pictures(shown, chosen), selected_index=selected)
        return gallery, shown, catalog.count_line(shown, chosen)

    def choose_task(self, shown: list[int], agent: str, event: gr.SelectData, request: gr.Request):
        """Return task id, heading, instruction, no note, and a view that shows the scene instead of the last run."""
        if not 0 <= event.index < len(shown):
            raise gr.Error("The list of tasks has changed; choose again.", print_exception=False)
        task = TASKS[shown[event.index]]
        session = self.store.get(request.session_hash)
        view = (gr.skip(),) * 6 if session and session.running else scene_view(task)
        return task.id, texts.chosen(task.id, self.agents[agent]), task.language, gr.HTML(visible=False), *view

    def choose_agent(self, agent: str, task_id: int, room: str, search: str, instruction: str):
        """Return everything that depends on the agent."""
        return (
            texts.facts(self.assets, self.agents[agent]),
            texts.chosen(task_id, self.agents[agent]),
            *self.list_tasks(room, search, agent, task_id),
            gr.File(visible=agent == "replay"),
            self.note(task_id, instruction, agent),
        )

    def note(self, task_id: int, instruction: str, agent: str):
        """Return the note about an instruction that is not the task's own, hidden if there is none."""
        note = texts.instruction_note(task_id, instruction, self.agents[agent])
        return gr.HTML(note, visible=bool(note))

    def choose_start(self, start: str):
        """Return the number field for a published state or for a seed."""
        if start == PUBLISHED:
            return gr.Number(label=f"State, 0 to {LAST_STATE}", minimum=0, maximum=LAST_STATE, value=0)
        return gr.Number(label="Seed", minimum=0, maximum=LAST_SEED, value=0)

    # Running

    def request(
        self,
        folder: Path,
        task,
        agent: str,
        record: str | None,
        init_state,
        seed,
        max_steps,
        instruction: str,
        assets: str = "auto",
    ) -> EpisodeRequest:
        """Check what a visitor asked for and return it as a request whose files go into `folder`.

        Raises:
            InputError: with what is wrong.
        """
        chosen = get_task(task)
        wanted = find_arm_agent(self.agents, agent)
        if wanted.key == "replay" and not record:
            raise InputError("Upload a record file first, or choose another agent.")
        if not wanted.can_try(chosen.id):
            raise UnknownAgentError(f"The scripted expert has no skill for task {chosen.id} yet; choose another.")
        instruction = (instruction or "").strip() and check_instruction(instruction, most=self.limits.instruction_characters)
        if assets not in ("auto", "standin", self.assets.kind):
            raise InputError(f"Expected assets 'auto' or 'standin', got {str(assets)[:80]!r}.")
        return EpisodeRequest(
            task=chosen.id,
            agent=f"replay:{record}" if wanted.key == "replay" else wanted.stands_for,
            assets=self.assets.kind if assets == "auto" else assets,
            init_state=None if init_state is None else whole_number(init_state, "a published state", 0, LAST_STATE),
            seed=None if seed is None else whole_number(seed, "a seed", 0, LAST_SEED),
            max_steps=whole_number(max_steps, "a number of steps", 1, self.limits.max_steps),
            instruction=instruction,
            video=str(folder / "episode.mp4"),
            record=str(folder / f"task-{chosen.id}-{wanted.key}.json"),
            look_every=self.limits.steps_per_picture,
            pace=self.limits.steps_per_second,
        )

    def begin(self, task_id: int, request: gr.Request):
        """Return what shows at once that Run was pressed: the scene, a status, Run off, Stop on."""
        self.store.called_off(request.session_hash)  # a Stop from before counts no more
        picture, _, *results = scene_view(TASKS[task_id])
        waiting = run_texts.waiting(0, "Waiting for a free place")
        return picture, waiting, *results, gr.Button(interactive=False), gr.Button(interactive=True)

    def run(self, task, agent, record, start, number, max_steps, instruction, request: gr.Request):
        """Run the chosen episode; yields picture, status, outcome, video, plot and record."""
        init_state, seed = (number, None) if start == PUBLISHED else (None, number)
        if agent == "replay":
            init_state = seed = None  # the record knows where it started
        if self.store.called_off(request.session_hash):
            yield gr.skip(), texts.idle(), *(gr.skip(),) * 4
            return

        def make_request(folder: Path) -> EpisodeRequest:
            if number is None and agent != "replay":
                raise InputError("Enter the number of the start first.")
            return self.request(folder, task, agent, record, init_state, seed, max_steps, instruction)

        yield from self.watch(request.session_hash, make_request)

    def details(self, live: LiveRun) -> gr.Plot:
        """Return the plot of the actions, of a model with how sure it was."""
        if not live.actions:
            return gr.Plot(None, visible=False)
        return gr.Plot(decision_plot(live.actions, live.decisions) if live.decisions else action_plot(live.actions), visible=True)


def scene_view(task: Task):
    """Return picture, status, outcome, video, plot and record while nothing of this task has been run."""
    picture = gr.Image(str(catalog.thumbnail(task)), visible=True)
    hidden = [component(None, visible=False) for component in (gr.HTML, gr.Video, gr.Plot, gr.File)]
    return picture, texts.idle(), *hidden
