"""Pieces: the stream again, whatever their number."""

import pytest

from omniactor.data.pieces import PieceWriter, join_pieces
from omniactor.errors import InputError


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11, 95])
def test_a_stream_comes_back_from_pieces_of_the_limit(tmp_path, size):
    content = bytes(range(size))
    with PieceWriter(tmp_path, "part", 10) as writer:
        for start in range(0, size, 7):
            writer.write(content[start : start + 7])
    assert [piece["bytes"] for piece in writer.pieces] == [min(10, size - start) for start in range(0, size, 10)]
    assert join_pieces(tmp_path, writer.pieces) == content


def test_a_piece_from_elsewhere_is_refused(tmp_path):
    with PieceWriter(tmp_path, "part", 10) as writer:
        writer.write(bytes(30))
    (tmp_path / "part-01.bin").write_bytes(bytes(9) + b"x")
    with pytest.raises(InputError, match=r"part-01\.bin"):
        join_pieces(tmp_path, writer.pieces)
