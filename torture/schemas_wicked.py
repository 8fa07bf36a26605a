"""Schemas made to break whoever reads, compiles or decodes by them, with what must come of each.

``refused``, ``accepted``, ``either`` (as long as it is in time and nothing is dropped in silence),
or ``unsatisfiable`` (refused for that reason).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

TEXT: Final = {"type": "string"}
FAR: Final = "http://127.0.0.1:1/"
S2020: Final = "https://json-schema.org/draft/2020-12/schema"


def _deep(count: int, word: str) -> Any:
    made: Any = {"type": "null"}
    for _ in range(count):
        made = {word: [made]} if word.endswith("Of") else {word: {"a": made}}
    return made


def _chain(count: int, *, loop: bool = False) -> dict[str, Any]:
    steps: dict[str, Any] = {f"d{n}": {"$ref": f"#/$defs/d{n + 1}"} for n in range(count)}
    steps[f"d{count}"] = {"$ref": "#/$defs/d0"} if loop else TEXT
    return {"$ref": "#/$defs/d0", "$defs": steps}


def _bomb(word: str, levels: int) -> dict[str, Any]:
    """Each level stands twice in the one above it."""
    steps: dict[str, Any] = {
        f"d{n}": {word: [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(levels)
    }
    steps[f"d{levels}"] = {"type": "object", "properties": {"a": TEXT}}
    return {"$ref": "#/$defs/d0", "$defs": steps}


def _object_bomb(levels: int) -> dict[str, Any]:
    """Each level holds the one below it twice, and both are required."""
    steps: dict[str, Any] = {
        f"d{n}": {
            "type": "object",
            "properties": {x: {"$ref": f"#/$defs/d{n + 1}"} for x in "ab"},
            "required": ["a", "b"],
        }
        for n in range(levels)
    }
    steps[f"d{levels}"] = TEXT
    return {"$ref": "#/$defs/d0", "$defs": steps}


def _wide(count: int, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {f"p{n}": TEXT for n in range(count)}} | more


def _patterns(*patterns: str) -> dict[str, Any]:
    return {"properties": {f"p{n}": {"pattern": one} for n, one in enumerate(patterns)}}


def _limits() -> Iterator[tuple[str, Any, str]]:
    yield "deep_properties_30", _deep(30, "properties"), "accepted"
    yield "deep_properties_200", _deep(200, "properties"), "refused"
    for word in ("allOf", "anyOf", "oneOf"):
        yield f"deep_{word}_25", _deep(25, word), "either"
        yield f"deep_{word}_2000", _deep(400, word), "refused"
        yield f"bomb_{word}_8", _bomb(word, 8), "either"
        yield f"bomb_{word}_40", _bomb(word, 40), "either"
    yield "bomb_objects_6", _object_bomb(6), "accepted"
    yield "bomb_objects_30", _object_bomb(30), "refused"
    yield "bomb_lists", _list_bomb(30), "refused"
    yield "wide_1500", _wide(1_500), "accepted"
    yield "wide_10000", _wide(10_000), "refused"
    yield "wide_required_900", _wide(900, required=[f"p{n}" for n in range(900)]), "either"
    yield "chain_60", _chain(60), "accepted"
    yield "chain_1900", _chain(1_900), "refused"
    yield "chain_3000", _chain(3_000), "refused"
    yield "loop_2", _chain(1, loop=True), "refused"
    yield "loop_60", _chain(60, loop=True), "refused"
    yield "loop_self", {"$ref": "#"}, "refused"
    yield "loop_all", {"allOf": [{"$ref": "#"}]}, "refused"
    yield "loop_not", {"not": {"$ref": "#"}}, "refused"
    yield "enum_5000", {"enum": [f"v{n}" for n in range(5_000)]}, "accepted"
    yield "enum_20000", {"enum": list(range(20_000))}, "refused"
    yield "enum_objects", {"enum": [{"a": [n] * 9} for n in range(3_000)]}, "either"
    yield "const_deep", {"const": _deep(25, "properties")}, "accepted"
    yield "long_name", _wide(1) | {"required": ["x" * 100_000]}, "refused"
    yield "many_anyof_consts", {"anyOf": [{"const": n} for n in range(1_500)]}, "either"
    yield (
        "types_all",
        {"type": ["null", "boolean", "object", "array", "number", "string"]},
        "either",
    )
    yield "multiple_of_tiny", {"type": "number", "multipleOf": 1e-300}, "either"
    yield "multiple_of_many", {"allOf": [{"multipleOf": n} for n in range(2, 300)]}, "either"
    yield "items_1e9", {"type": "array", "items": TEXT, "maxItems": 10**9}, "either"
    yield "number_1e400", b'{"maximum": 1e400}', "refused"
    yield "number_big", b'{"minimum": ' + b"9" * 1_000 + b"}", "either"


def _list_bomb(levels: int) -> dict[str, Any]:
    made: dict[str, Any] = TEXT
    for _ in range(levels):
        made = {"type": "array", "items": made, "minItems": 9}
    return made


def _impossible() -> Iterator[tuple[str, Any, str]]:
    yield (
        "false",
        {"type": "object", "properties": {"a": False}, "required": ["a"]},
        "unsatisfiable",
    )
    yield "type_against_const", {"type": "string", "const": 5}, "unsatisfiable"
    yield "type_against_enum", {"type": "integer", "enum": ["a", 1.5]}, "unsatisfiable"
    yield "lengths", {"type": "string", "minLength": 5, "maxLength": 2}, "unsatisfiable"
    yield "items", {"type": "array", "minItems": 3, "maxItems": 1}, "unsatisfiable"
    yield "all_of_types", {"allOf": [{"type": "string"}, {"type": "null"}]}, "unsatisfiable"
    endless = {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}
    yield "endless", endless, "unsatisfiable"
    endless_list = {"type": "array", "items": {"$ref": "#"}, "minItems": 1}
    yield "endless_list", endless_list, "unsatisfiable"
    yield "length_over_budget", {"type": "string", "minLength": 10**6}, "refused"
    yield "items_over_budget", {"type": "array", "items": TEXT, "minItems": 10**5}, "refused"


def _regular() -> Iterator[tuple[str, Any, str]]:
    yield "redos_nested", _patterns("^(a+)+$", "^(a|aa)+$", "(.*a){20}", "^(a|a?)+$"), "accepted"
    yield "redos_counts", _patterns("(a{1,60}){1,60}"), "either"
    yield "redos_counts_great", _patterns("((a{1,99}){1,99}){1,99}"), "refused"
    yield "look_ahead", _patterns("^(?=.*a)(?!b).+$"), "refused"
    yield "look_behind", _patterns("(?<=a)b"), "refused"
    yield "back_reference", _patterns(r"^(a)\1$"), "refused"
    yield "unbalanced", _patterns("(a"), "refused"
    yield "unicode_classes", _patterns(r"^\p{L}+\s\p{N}{1,9}$"), "accepted"
    yield "script_names", _patterns(r"^\p{Script=Greek}+$"), "either"
    yield "pattern_513", _patterns("a" * 513), "refused"
    yield "pattern_512", _patterns("a" * 512), "accepted"
    yield "patterns_many", _patterns(*(f"^x{n}[a-z]+$" for n in range(900))), "either"
    yield "patterns_heavy", _patterns(*(f"^.{{0,4000}}x{n}$" for n in range(500))), "refused"
    heavy = {"patternProperties": {f"^a{n}[a-z]+$": TEXT for n in range(400)}}
    yield "pattern_names_many", heavy, "either"
    yield "pattern_alternatives", _patterns("|".join(f"w{n}" for n in range(100))), "accepted"
    yield "pattern_flags", _patterns("(?i)^abc$"), "either"
    yield "pattern_empty_loop", _patterns("^(|a)*$", "(a*)*b"), "accepted"


def _wrong() -> Iterator[tuple[str, Any, str]]:
    values: dict[str, Any] = {
        "properties": [], "required": "a", "type": 7, "items": 5, "enum": "a", "allOf": {},
        "minLength": -1, "pattern": 7, "minimum": "0", "additionalProperties": "no",
        "maxItems": 1.5, "uniqueItems": "yes", "$ref": 5, "$defs": [],
    }  # fmt: skip
    for word, value in values.items():
        yield f"wrong_kind_{word.strip('$')}", {"$schema": S2020, word: value}, "refused"
    yield "empty", b"", "refused"
    yield "spaces", b"  \n ", "refused"
    yield "half", b'{"type": "obj', "refused"
    yield "two", b"{}{}", "refused"
    yield "nan", b'{"minimum": NaN}', "refused"
    yield "comment", b'{"type": "null" /* none */}', "refused"
    yield "trailing_comma", b'{"type": "null",}', "refused"
    yield "latin_1", b'{"title": "\xe9"}', "refused"
    yield "utf_16", '{"type": "null"}'.encode("utf-16"), "refused"
    yield "surrogate", b'{"title": "\\ud800"}', "refused"
    yield "nul_in_name", b'{"properties": {"a\\u0000b": {"type": "null"}}}', "accepted"
    yield "brackets", b"[" * 100_000, "refused"
    yield "quotes", b'{"a":"' + b'\\"' * 100_000, "refused"
    yield "name_twice", b'{"type": "null", "type": "string"}', "documented"
    yield "number", b"7", "refused"
    yield "null", b"null", "refused"
    yield "true", b"true", "accepted"


def _elsewhere() -> Iterator[tuple[str, Any, str]]:
    for name, ref in {
        "http": FAR + "x.json", "https": "https://127.0.0.1:1/x", "bare": "//127.0.0.1:1/x",
        "file": "file:///etc/passwd", "path": "../../etc/passwd", "ftp": "ftp://127.0.0.1:1/x",
        "data": "data:application/json,{}", "urn": "urn:example:none", "pointer": "#/nowhere",
        "anchor": "#nowhere", "pointer_bad": "#/$defs/%GG", "long": "#/" + "a/" * 5_000,
        "in_list": "#/required/0", "metadata": "http://169.254.169.254/latest/meta-data",
    }.items():  # fmt: skip
        yield f"ref_{name}", {"required": ["a"], "properties": {"a": {"$ref": ref}}}, "refused"
    yield "id_far", {"$id": FAR + "root.json", "type": "null"}, "accepted"
    yield "id_then_ref", {"$id": FAR + "root.json", "$ref": "other.json"}, "refused"
    yield "id_file", {"$id": "file:///etc/", "$ref": "passwd"}, "refused"
    inner = {"$id": FAR + "inner", "$defs": {"x": TEXT}}
    yield "id_inner", {"$defs": {"i": inner}, "$ref": FAR + "inner#/$defs/x"}, "accepted"
    twice = {"$defs": {"a": {"$id": "urn:x", "type": "null"}, "b": {"$id": "urn:x", **TEXT}}}
    yield "id_twice", twice | {"$ref": "urn:x"}, "either"
    yield "meta_far", {"$schema": FAR + "meta", "type": "null"}, "refused"
    yield "meta_3", {"$schema": "http://json-schema.org/draft-03/schema#"}, "refused"
    yield "meta_number", {"$schema": 7}, "refused"
    yield "dynamic_far", {"$dynamicRef": FAR + "x#a"}, "refused"
    yield "dynamic_tree", {
        "$id": "urn:tree", "$dynamicAnchor": "node", "type": "object",
        "properties": {"kids": {"type": "array", "items": {"$dynamicRef": "#node"}}},
    }, "accepted"  # fmt: skip
    yield "vocabulary", {"$schema": S2020, "$vocabulary": {FAR: True}, "type": "null"}, "either"
    yield "draft_4_bounds", {
        "$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1,
        "exclusiveMinimum": True,
    }, "accepted"  # fmt: skip
    yield (
        "draft_mixed",
        {"items": [TEXT], "prefixItems": [TEXT], "dependencies": {"a": ["b"]}},
        "either",
    )
    yield "unknown_words", {"type": "string", "x-a": {"$ref": FAR}, "maxlength": 5}, "either"


def _made() -> dict[str, tuple[bytes, str]]:
    found = {}
    for part in (_limits, _impossible, _regular, _wrong, _elsewhere):
        for name, schema, expect in part():
            text = schema if isinstance(schema, bytes) else json.dumps(schema).encode()
            found[f"made_{name}"] = text, expect
    return found


WICKED: Final = _made()
"""By name: the text, and what must come of it."""
