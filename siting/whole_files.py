"""Write a file whole or not at all, so that a kill never leaves half of one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from siting.errors import Fault, InputError

__all__ = ["whole_or_not"]


@contextmanager
def whole_or_not(path: Path, layer: str = "output") -> Iterator[Path]:
    """Give a path to write to; what is there takes the place of ``path`` when all went well.

    Parameters
    ----------
    path
        The file to write; its folder is made where it is missing.
    layer
        What the fault is about, should there be one.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    work: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent
        )
        os.close(handle)
        work = Path(name)
        yield work
        work.chmod(0o644)
        work.replace(path)
    except OSError as error:
        raise InputError(
            Fault(layer, f"cannot write '{path}': {error.strerror}.", "Choose another folder.")
        ) from error
    finally:
        if work is not None:
            work.unlink(missing_ok=True)
