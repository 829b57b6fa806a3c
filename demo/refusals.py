"""How the page says no: every error becomes one plain line, whatever it was."""

from __future__ import annotations

import contextlib
import html
import traceback
from collections.abc import Iterator

import gradio as gr

from omniactor.errors import OmniActorError


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """Turn every error into a `gr.Error` of one line; unexpected ones also go to the server's log."""
    try:
        yield
    except gr.Error:
        raise
    except OmniActorError as error:
        raise gr.Error(one_line(error), title="This did not run", print_exception=False) from None
    except Exception as error:  # the edge of the page
        traceback.print_exc()
        message = f"The page failed ({type(error).__name__}); the server's log has the details."
        raise gr.Error(message, title="This did not run", print_exception=False) from None


def one_line(error: BaseException) -> str:
    """Return an error's message as one line that is safe to show as HTML."""
    return html.escape(" ".join(str(error).split())[:400], quote=False)
