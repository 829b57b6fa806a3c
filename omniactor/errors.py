"""Every way OmniActor refuses or fails, under one root.

A message is one line: what was expected, what came, what to do. The command line turns
`InputError` and its children into exit status 2 and everything else into 1.
"""


class OmniActorError(Exception):
    """Root of all errors that OmniActor raises on purpose."""


class InputError(OmniActorError):
    """Something the user gave cannot be used; the message says what to give instead."""


class UnknownTaskError(InputError):
    """A task id or name that is not one of the 90."""


class UnknownAgentError(InputError):
    """An agent name that names no agent, or an agent that cannot do the given task."""


class InitStateError(InputError):
    """An initial state number out of range, or a state file that cannot be read safely."""


class ActionError(InputError):
    """An action that cannot be carried out: numbers out of range, an unknown kind, an answer nobody can read."""


class ImageError(InputError):
    """A picture that is broken, too large, or of a format that is not read."""


class RecordError(InputError):
    """An episode record that is broken, foreign, or does not fit this installation."""


class SampleError(InputError):
    """A training sample that is broken or cannot be used; `kind` says what is wrong in a word or two."""

    def __init__(self, message: str, kind: str = "broken") -> None:
        super().__init__(message)
        self.kind = kind


class OutputError(InputError):
    """A path that cannot be written."""


class AssetError(InputError):
    """LIBERO's asset files are missing or broken."""


class SetupError(OmniActorError):
    """A library, system package or GL backend that is needed is not there."""


class RenderError(SetupError):
    """No working off-screen GL backend, or rendering failed."""


class VideoError(SetupError):
    """No H.264 encoder, or encoding failed."""


class SimulationError(OmniActorError):
    """The physics diverged or MuJoCo warned; the episode cannot be trusted from here on."""


class BrowserError(OmniActorError):
    """A page hangs, crashed or broke, or Chromium ended; the episode cannot be trusted from here on."""


class PeerError(OmniActorError):
    """A model server is down, slow, refuses, or answers something that is no answer."""


class WorkerError(OmniActorError):
    """A simulator process died, hung or could not be started."""


class ModelInputError(InputError):
    """Inputs that the model cannot take: an unknown world, images that do not fit, contradictory settings."""


class CheckpointError(InputError):
    """A checkpoint whose files are missing, broken, or do not fit the model."""


class ModelError(OmniActorError):
    """The model computed something that cannot be used, such as NaN."""


class TrainingError(OmniActorError):
    """A training run that must not go on: NaN, a full disk, a checkpoint that cannot be written."""
