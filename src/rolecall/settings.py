"""Every setting, declared once, and where each value came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, Final

from rolecall.core import Notice
from rolecall.setting import PREFIX, Setting, setting

__all__ = ["PREFIX", "PROJECT_FILE", "Setting", "Settings", "declared"]

PROJECT_FILE: Final = "rolecall.toml"
NONE: Final = "none"
"""How a setting that may be left open is told to be; ``budget_day = "none"`` in TOML."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings with their values. ``Settings()`` holds the defaults.

    ``engines`` holds the tables ``[engines.NAME]`` of the files, ``challengers`` the tables
    ``[[challenger]]``, as they are written there.
    ``origins`` names for each setting that is not at its default where its value came from;
    ``warnings`` names settings that were given and have no effect.
    """

    max_bytes: int = setting(
        10_000_000,
        "An input of more bytes fails as too_large; a record of JSON Lines counts as one input.",
        decides=True,
        least=1,
    )
    page_timeout_seconds: float = setting(
        10.0,
        "An input that takes longer than this fails as timeout; 0 sets no limit.",
        least=0,
    )
    workers: int = setting(
        0,
        "How many processes read inputs at once; 0 is one, and one per core for more than a few.",
        least=0,
    )
    recycle_after: int = setting(
        5_000, "A worker process is replaced after this many inputs; 0 never does.", least=0
    )
    reader_model: str = setting(
        "", "Folder of another model for the embedded reader; empty is the one that is shipped."
    )
    reader: bool = setting(
        True,
        "Let the embedded reader propose values, not just the page's own data and engines.",
        decides=True,
    )
    least_sure: str = setting(
        "",
        "A value less sure than this is left out, with a warning: a number from 0 to 1 for all "
        "fields, or FIELD=NUMBER with commas between; empty leaves nothing out.",
        decides=True,
    )
    schema: str = setting(
        "", "File of the JSON Schema that records follow; empty is the default posting."
    )
    engine: str = setting(
        "auto",
        "Which engines may be asked, in order, by name with commas between; auto is every one that "
        "is declared, answers, and is not left to trials or audits; none is none.",
        decides=True,
    )
    policy: str = setting(
        "local-only",
        "local-only, cloud-over-threshold (long pages go to cloud_engine), cloud-on-doubt (what is "
        "still missing or in doubt does) or cloud-for-audits (only audits do).",
        decides=True,
    )
    cloud_engine: str = setting(
        "", "The one engine outside your machines that a policy may use, by name.", decides=True
    )
    local_networks: str = setting(
        "",
        "Addresses, networks (10.0.0.0/8) and host names with commas between that are your own "
        "machines: engines there are local.",
        decides=True,
    )
    threshold_tokens: int = setting(
        8_192,
        "A prompt and answer of more tokens than this is long: see policy; a local engine gets it "
        "in windows.",
        decides=True,
        least=1_024,
    )
    ask_below: float = setting(
        0.5,
        "A value less sure than this is asked of an engine, from 0 to 1.",
        decides=True,
        least=0,
    )
    ask_null_below: float = setting(
        0.75,
        "A field left empty is asked of an engine if such nulls are right less often than this.",
        decides=True,
        least=0,
    )
    engine_failure: str = setting(
        "fail",
        "What becomes of a page whose engines have all failed: fail, or keep what was found "
        "without them, with a warning.",
        decides=True,
    )
    cache: bool = setting(
        True, "Keep the answers of engines, so that the same question is not asked twice."
    )
    dedup: str = setting(
        "off",
        "Pages that say the same share one extraction: off, exact (equal bytes), near (nearly "
        "equal text; each value is looked up on the copy).",
        decides=True,
    )
    columns: str = setting(
        "",
        "Names that JSON Lines and tables use instead of html, text, url, charset and captured: "
        "html=body,url=link.",
        decides=True,
    )
    fetch: bool = setting(
        False,
        "Fetch pages that are named by their address; only from the open internet, see "
        "docs/fetching.md.",
    )
    fetch_contact: str = setting(
        "",
        "Who fetches: an e-mail address or the address of a page, told to each server in the "
        "User-Agent.",
    )
    fetch_delay_seconds: float = setting(
        1.0,
        "The pause between two requests to the same host; a Crawl-delay of its robots.txt may "
        "lengthen it.",
        least=0,
    )
    fetch_timeout_seconds: float = setting(
        30.0,
        "An address that takes longer than this fails as timeout, redirects included, the wait "
        "for its host's turn not.",
        least=0.1,
    )
    fetch_robots: bool = setting(
        True, "Ask the robots.txt of each host, and fetch nothing that it forbids."
    )
    fetch_allow: str = setting(
        "",
        "Addresses and networks (10.1.2.3, 10.0.0.0/8) with commas between that may be fetched "
        "although they are not public.",
    )
    with_text: bool = setting(
        False, "Add the page's visible text to each record, so that spans can be read without it."
    )
    budget_record: float | None = setting(
        None,
        "The most that paid engines may cost for one record, in US dollars; 0 lets nothing be "
        "spent, none sets no cap.",
        least=0,
        unless_none=float,
    )
    budget_day: float | None = setting(
        None,
        "The most that paid engines may cost in a day (UTC), in US dollars, over all your "
        "processes; 0 lets nothing be spent, none sets no cap.",
        least=0,
        unless_none=float,
    )
    budget_month: float | None = setting(
        30.0,
        "The most that paid engines may cost in a month (UTC), in US dollars, over all your "
        "processes; 0 lets nothing be spent, none sets no cap.",
        least=0,
        unless_none=float,
    )
    data_folder: str = setting(
        "",
        "Folder of the database with the budget and the kept completions; empty is "
        "$XDG_DATA_HOME/rolecall, usually ~/.local/share/rolecall.",
    )
    queue: str = setting(
        "",
        "The PostgreSQL of the queue and the budget, for several machines: "
        "postgresql://USER@HOST:5432/NAME, with the password in PGPASSWORD or ~/.pgpass; empty is "
        "the database in data_folder.",
    )
    vllm_python: str = setting(
        "",
        "The Python that has vLLM, for rolecall up; empty is the one of .venv-vllm-cuda "
        "or .venv-vllm in the current folder, else that of the vllm on the PATH.",
    )
    vllm_command: str = setting(
        "",
        "The command that starts vLLM instead, such as a container; what rolecall up adds are the "
        "flags of vllm serve, the model first.",
    )
    runs_folder: str = setting(
        "",
        "Folder below which the server looks for evaluation runs; empty is the current folder.",
    )
    serve_host: str = setting("127.0.0.1", "The address that rolecall serve is bound to.")
    serve_port: int = setting(
        8600, "The port that rolecall serve is bound to; 0 takes a free one.", least=0
    )
    serve_host_names: str = setting(
        "",
        "Names with commas between that the server is reached by, besides its address; requests "
        "for other names are refused.",
    )
    serve_auth: str = setting(
        "auto",
        "Who needs a token: auto is everyone, except on this machine while no token was ever made; "
        "always is everyone; beyond-loopback is nobody on this machine.",
    )
    serve_body_bytes: int = setting(
        67_108_864, "A batch handed in to the server may have this many bytes.", least=65_536
    )
    serve_body_seconds: float = setting(
        30.0, "A request must have arrived within this many seconds.", least=0.1
    )
    serve_requests: int = setting(
        256,
        "How many requests the server works on at the same time; one submitter has at most half.",
        least=1,
    )
    serve_connections: int = setting(
        2_000, "How many connections the server keeps open at the same time.", least=1
    )
    serve_rate: float = setting(
        0.0, "How many requests a second one submitter may send; 0 sets no limit.", least=0
    )
    serve_visit_hours: float = setting(
        12.0, "A sign-in to the web UI ends after this many hours.", least=0.01
    )
    serve_grace_seconds: float = setting(
        30.0,
        "After a signal, the server and its worker have this many seconds to finish what they do.",
        least=0,
    )
    audit_engine: str = setting(
        "",
        "The engine by which a sample of the pages is extracted once more, by name; empty audits "
        "nothing. One that is not local must be cloud_engine under a policy that allows it; see "
        "docs/audits.md.",
    )
    audit_share: float = setting(
        0.01, "The share of pages with values that is audited, chosen by their content.", least=0
    )
    budget_audits: float | None = setting(
        5.0,
        "The most that audits may cost in a month (UTC), in US dollars, as a part of budget_month; "
        "none sets no cap of their own.",
        least=0,
        unless_none=float,
    )
    alert_url: str = setting(
        "", "An address that is told when a rule begins to hold or ends; see docs/drift.md."
    )
    alert_key_file: str = setting(
        "", "A file with the secret by which what alert_url is told is signed."
    )
    events_log: str = setting(
        "",
        "A file to which an event of each page of rolecall serve and work is appended as a line "
        "of JSON, without anything of its text; - is the standard error.",
    )
    watch_runs: bool = setting(
        True,
        "Count the pages of rolecall extract in the database too, where there is one, for rolecall "
        "status.",
    )
    otel: bool = setting(
        False,
        "Send traces and metrics of rolecall serve and work by OpenTelemetry, to where its OTEL_ "
        "variables say; needs the extra otel.",
    )
    engines: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: MappingProxyType({}))
    challengers: tuple[Mapping[str, Any], ...] = ()
    origins: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    warnings: tuple[Notice, ...] = ()

    def deciding(self) -> dict[str, Any]:
        """The values that can change a result; they go into a record's ``config``.

        Those that are about engines count only where an engine may be asked.
        The reader's model is not among them: its hash goes there itself, whatever its place.
        """
        values = {one.name: getattr(self, one.name) for one in declared() if one.decides}
        if self.dedup == "near":  # equal bytes give equal records anyway
            values["dedup"] = self.dedup
        if self.policy in STAYING:  # what becomes of pages is the same under both
            values |= {"policy": "local-only", "cloud_engine": ""}
        aside = self.set_aside() if self.engine == "auto" else ()
        tables = {
            name: {key: value for key, value in one.items() if key not in BESIDE_RESULTS}
            for name, one in self.engines.items()
            if name not in aside
        }
        if self.engine == "none" or (self.engine == "auto" and not tables):
            return {name: value for name, value in values.items() if name not in OF_ENGINES}
        return values | {"engines": tables, "order": list(tables)}

    def set_aside(self) -> frozenset[str]:
        """The engines that trials and audits name: ``auto`` leaves them to those, but for one that
        the policy lets pages go to."""
        named = [one.get("engine", "") for one in self.challengers]
        names = [word for one in named if isinstance(one, str) for word in one.split(",")]
        found = frozenset(word.strip() for word in (*names, self.audit_engine) if word.strip())
        return found if self.policy in STAYING else found - {self.cloud_engine}

    def bare(self) -> Settings:
        """The values alone, which can travel to another process; not where they came from."""
        return replace(
            self,
            engines={name: dict(one) for name, one in self.engines.items()},
            challengers=tuple(dict(one) for one in self.challengers),
            origins={},
        )

    def origin(self, name: str) -> str:
        """Where the value of ``name`` came from, in words; ``default`` when nothing set it."""
        return self.origins.get(name, "default")


STAYING: Final = ("local-only", "cloud-for-audits")
"""Policies under which no page goes to a cloud engine to be answered."""

OF_ENGINES: Final = frozenset(
    "engine policy cloud_engine local_networks threshold_tokens ask_below ask_null_below "
    "engine_failure".split()
)
"""Settings without effect where no engine is asked."""

BESIDE_RESULTS: Final = frozenset(
    "key_env key_file concurrency call_seconds tries price running".split()
)
"""Keys of an engine's table that change no answer: only how fast, how often and for how much."""


def declared() -> tuple[Setting, ...]:
    """All settings, in the order of their declaration."""
    return tuple(
        Setting.of(one) for one in fields(Settings) if one.metadata and one.default is not MISSING
    )
