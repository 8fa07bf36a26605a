"""Pages in a folder and below it, in the order of their names."""

from __future__ import annotations

import os
from collections.abc import Iterator

from rolecall.inputs.kinds import PAGE_SUFFIXES, unpacked_name
from rolecall.inputs.nouns import Input, Left


def walk(folder: str, left: Left) -> Iterator[Input]:
    """Files below ``folder`` in the order of their names, without recursion or held trees.

    A folder that cannot be listed is an input that failed. Links to folders are not followed: a
    loop of them would never end.
    """
    stack: list[str] = [folder]
    while stack:
        path = stack.pop()
        if not path.endswith(os.sep) and path is not folder:
            yield Input(0, path, path=path)
            continue
        try:
            with os.scandir(path) as found:
                entries = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in found]
        except OSError as error:
            message = f"cannot list the folder: {(error.strerror or str(error)).lower()}"
            yield Input(0, path, fault=("unreadable", message))
            continue
        entries.sort(key=lambda entry: os.fsencode(entry[0]), reverse=True)
        pages = {_stem(name) for name, is_folder in entries if not is_folder}
        for name, is_folder in entries:
            if name.startswith(".") or (
                is_folder and name.endswith("_files") and name[:-6] in pages
            ):
                left.ignored += 1
            elif is_folder:
                stack.append(os.path.join(path, name, ""))
            elif unpacked_name(name).endswith(PAGE_SUFFIXES):
                stack.append(os.path.join(path, name))
            else:
                left.ignored += 1


def _stem(name: str) -> str:
    stem, suffix = os.path.splitext(name)
    return stem if suffix.lower() in (".html", ".htm") else ""
