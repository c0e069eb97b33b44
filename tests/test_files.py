import pytest

from descent.files import save


def test_a_file_is_written_whole_with_the_same_ends_of_lines_everywhere(tmp_path):
    path = tmp_path / "a.json"
    save("ä\nb\n", str(path))
    save("ö\nb\n", path)
    assert path.read_bytes() == "ö\nb\n".encode()
    save(b"\xff\r\n", path)
    assert path.read_bytes() == b"\xff\r\n"
    assert [other.name for other in tmp_path.iterdir()] == ["a.json"]


def test_what_cannot_be_written_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    save("old", path)

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "replace", full)
    with pytest.raises(ValueError, match=r"a\.json cannot be written: No space left on device"):
        save("new", path)
    assert path.read_text(encoding="utf8") == "old"
    assert [other.name for other in tmp_path.iterdir()] == ["a.json"]
    with pytest.raises(ValueError, match="cannot be written"):
        save("new", tmp_path / "nowhere" / "a.json")
