"""Files that are whole at every moment: who reads one finds the old text or the new."""

from pathlib import Path

__all__ = ["save"]


def save(content, path):
    """Write bytes as they are, or a text as UTF-8, its lines ended by a line feed on every system.

    Raises ValueError if it cannot be written; nothing new is left behind then.
    """
    path = Path(path)
    draft = path.with_name(f"{path.name}.draft")
    try:
        draft.write_bytes(content if isinstance(content, bytes) else content.encode())
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise ValueError(f"{path} cannot be written: {error.strerror}") from error
