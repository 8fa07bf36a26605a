"""temporary"""

from __future__ import annotations

from typing import Any

from rolecall.core import Problem
from rolecall.schema.validate import pointer


def problems_of(document: Any, draft: Any, limits: Any, data: Any) -> list[Problem]:
    import jsonschema_rs as j

    V = {
        "4": j.Draft4Validator,
        "6": j.Draft6Validator,
        "7": j.Draft7Validator,
        "2019-09": j.Draft201909Validator,
        "2020-12": j.Draft202012Validator,
    }[draft]
    v = V(document, offline=True, validate_formats=True)
    return [
        Problem(pointer=pointer(e.instance_path), kind="schema", message=e.message[:200])
        for e in v.iter_errors(data)
    ]
