import base64

import PIL.Image
import pytest
from gradio.data_classes import ImageData

from demo.uploads import PictureUpload
from omniactor.errors import ImageError


@pytest.fixture
def field(monkeypatch):
    def never(*_, **__):
        raise AssertionError("somebody opened the picture")

    monkeypatch.setattr(PIL.Image, "open", never)
    return PictureUpload(type="filepath", image_mode=None)


def test_a_file_comes_as_its_path_unopened(field, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"anything")
    assert field.preprocess(ImageData(path=str(path), orig_name="a.svg")) == str(path)
    assert field.preprocess(None) is None


def test_a_data_address_comes_as_its_bytes_unopened(field):
    address = "data:image/png;base64," + base64.b64encode(b"anything").decode()
    assert field.preprocess(ImageData(url=address)) == b"anything"


@pytest.mark.parametrize(
    "address", ["data:image/png;base64,@@@", "data:image/svg+xml,<svg/>", "data:;base64," + "A" * 27_000_000]
)
def test_a_data_address_that_is_none_is_refused(field, address):
    with pytest.raises(ImageError, match="expected a picture"):
        field.preprocess(ImageData(url=address))
