"""Settings put together from flags, environment and files.

A flag wins over the environment (``ROLECALL_NAME``), then ``./rolecall.toml``, then the user's
file (``$XDG_CONFIG_HOME/rolecall/config.toml``), then the default. A name that does not exist is
an error which names the place it stands in and the nearest name that does.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from rolecall.aliases import CLIENT_VARIABLES, engine_of_environment, without_effect
from rolecall.errors import SettingsError
from rolecall.settings import NONE, PREFIX, PROJECT_FILE, Setting, Settings, declared


def load(
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    project_toml: Path | None = None,
    user_toml: Path | None = None,
) -> Settings:
    """Put the settings together; a flag that is ``None`` was not given, a file may be missing.

    Raises:
        SettingsError: an unknown name, a value of the wrong kind, or a file that is no TOML.
    """
    known = {one.name: one for one in declared()}
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    engines: dict[str, Mapping[str, Any]] = engine_of_environment(environ or {})
    challengers: dict[str, Mapping[str, Any]] = {}
    origins |= dict.fromkeys((f"engines.{one}" for one in engines), "the environment")
    for origin, name, value in _told(flags or {}, environ or {}, project_toml, user_toml):
        if name == "engines" and origin[0] == "file":
            engines |= _tables(value, origin)
            origins |= {f"engines.{one}": origin[1] for one in value}
            continue
        if name == "challenger" and origin[0] == "file":
            challengers |= _challengers(value, origin)
            continue
        key = name if origin[0] != "environment" else name.removeprefix(PREFIX).lower()
        if key not in known:
            raise _unknown(name, origin, known.values())
        values[key] = _typed(known[key], value, name, origin)
        origins[key] = _said(origin, name)
    return Settings(
        **values,
        engines=MappingProxyType(engines),
        challengers=tuple(challengers.values()),
        origins=MappingProxyType(origins),
        warnings=tuple(without_effect(environ or {})),
    )


def locate(environ: Mapping[str, str], folder: Path) -> tuple[Path, Path]:
    """Where the project's and the user's file would be, for a process started in ``folder``."""
    base = environ.get("XDG_CONFIG_HOME") or ""
    # The XDG specification says that a relative path there is to be ignored.
    home = Path(base) if base.startswith("/") else Path(environ.get("HOME") or "~") / ".config"
    return folder / PROJECT_FILE, home / "rolecall" / "config.toml"


_Origin = tuple[str, str]
_SWITCHES: Final = dict(
    [(word, True) for word in ("1", "true", "yes", "on")]
    + [(word, False) for word in ("0", "false", "no", "off")]
)


def _told(
    flags: Mapping[str, Any],
    environ: Mapping[str, str],
    project_toml: Path | None,
    user_toml: Path | None,
) -> Iterator[tuple[_Origin, str, Any]]:
    """Everything that was said, the weakest first, as (origin, name, value)."""
    for path in (user_toml, project_toml):
        if path is not None:
            for name, value in _read(path).items():
                yield ("file", str(path)), name, value
    for name, value in sorted(environ.items()):
        if name.startswith(PREFIX) and name not in CLIENT_VARIABLES:
            yield ("environment", ""), name, value
    for name, value in flags.items():
        if value is not None:
            yield ("flag", ""), name, value


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be used: {error}", hint="mend or remove it") from error


def _tables(value: Any, origin: _Origin) -> dict[str, Mapping[str, Any]]:
    """The tables of engines in a file; what is in them is read where engines are connected."""
    if not isinstance(value, dict) or not all(isinstance(one, dict) for one in value.values()):
        raise SettingsError(
            f"{_said(origin, 'engines')}: a table for each engine is needed",
            hint='write [engines.NAME] and below it kind = "vllm" and url = "http://…"',
        )
    return {name: MappingProxyType(table) for name, table in value.items()}


def _challengers(value: Any, origin: _Origin) -> dict[str, Mapping[str, Any]]:
    """The tables of challengers by their names; what else is in them is read where they are put
    to the trial."""
    found: dict[str, Mapping[str, Any]] = {}
    for one in value if isinstance(value, list) else [value]:
        name = one.get("name") if isinstance(one, dict) else None
        if not isinstance(name, str) or not name.strip() or name in found:
            raise SettingsError(
                f"{_said(origin, 'challenger')}: each needs a name of its own",
                hint='write [[challenger]] and below it name = "…", engine = "…" and share = 0.1',
            )
        found[name] = MappingProxyType(one)
    return found


def _typed(setting: Setting, value: Any, name: str, origin: _Origin) -> Any:
    """``value`` in the setting's type; words from the environment are read."""
    kind = setting.kind
    if setting.optional and isinstance(value, str) and value.strip().lower() == NONE:
        return None
    if isinstance(value, str) and kind is not str:
        value = _from_words(kind, value.strip())
    if kind is float and type(value) is int:
        value = float(value)
    # bool is an int to Python, and not to whoever writes workers = true.
    if type(value) is not kind or value != value or value in (float("inf"), float("-inf")):
        raise SettingsError(
            f"{_said(origin, name)}: a value like {_example(setting)} is needed",
            hint=setting.help,
        )
    if setting.least is not None and isinstance(value, int | float) and value < setting.least:
        raise SettingsError(
            f"{_said(origin, name)}: {value!r} is too small, the least is {setting.least:g}",
            hint=setting.help,
        )
    return value


def _example(setting: Setting) -> str:
    if setting.optional:
        return f"{setting.kind(5)!r} or {NONE}"
    return repr(setting.default)


def _from_words(kind: type, words: str) -> Any:
    if kind is bool:
        return _SWITCHES.get(words.lower())
    try:
        return kind(words)
    except ValueError:
        return None


def _unknown(name: str, origin: _Origin, known: Iterable[Setting]) -> SettingsError:
    names = [one.variable if origin[0] == "environment" else one.name for one in known]
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(names)}"
    return SettingsError(f"{_said(origin, name)} is not a setting", hint=hint)


def _said(origin: _Origin, name: str) -> str:
    """How a person finds the place where ``name`` was set."""
    kind, place = origin
    if kind == "flag":
        return f"flag --{name.replace('_', '-')}"
    return f"environment {name}" if kind == "environment" else f"{name} in {place}"
