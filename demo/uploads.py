"""An upload field for pictures that opens none: Gradio's own would decode whatever comes; ours hands it to `open_image`."""

from __future__ import annotations

import base64
import binascii
from abc import ABCMeta

import gradio as gr
from gradio.data_classes import ImageData

from omniactor.errors import ImageError
from omniactor.gui.images import MAX_BYTES


class _NoStub(type(gr.Image)):
    """Gradio's metaclass without what it does for components with new events: it writes a `.pyi` file beside the source."""

    def __new__(cls, name: str, bases: tuple, attributes: dict):
        return ABCMeta.__new__(cls, name, bases, attributes)


class PictureUpload(gr.Image, metaclass=_NoStub):
    """Gradio's image field in the browser; on the server, the path or the bytes of what was sent, unopened."""

    is_template = True

    def preprocess(self, payload: ImageData | None) -> str | bytes | None:
        """Return the path of an uploaded file, the bytes of a data URL, or None."""
        if payload is None:
            return None
        if payload.url and payload.url.startswith("data:"):
            return _from_data_url(payload.url)
        return payload.path


def _from_data_url(address: str) -> bytes:
    head, _, content = address.partition(",")
    if len(content) > MAX_BYTES * 4 // 3 + 4:
        raise ImageError(f"expected a picture of at most {MAX_BYTES // 10**6} MB, got a larger one; save it smaller")
    try:
        if not head.endswith(";base64"):
            raise ValueError
        return base64.b64decode(content, validate=True)
    except (ValueError, binascii.Error):
        raise ImageError("expected a picture as a data URL in base64, got something else; upload a file") from None
