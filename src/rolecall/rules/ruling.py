"""The round: windows held against the reference, rules evaluated, messages sent."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rolecall.client.callbacks import signature
from rolecall.drift import Drifting, Reference
from rolecall.drift.look import AT_ONCE
from rolecall.errors import DatabaseError, Error, SettingsError
from rolecall.fetch import FetchError, Rules
from rolecall.fetch.address import read_url
from rolecall.ledger.store import Store
from rolecall.monitor.watch import FLUSH_SECONDS
from rolecall.rules import figures
from rolecall.rules.gather import gather
from rolecall.rules.nouns import Rule
from rolecall.rules.rules import drift, evaluate, trial_stopped
from rolecall.rules.states import Message, States
from rolecall.rules.trials import reroutes, trials
from rolecall.settings import Settings
from rolecall.worker.callbacks import GONE, WAITS
from rolecall.worker.ending import InThread

if TYPE_CHECKING:
    from rolecall.fetch import Fetcher

SHORTEST_KEY: Final = 16
"""Characters of the secret by which messages are signed."""
EVERYWHERE: Final = ("0.0.0.0/0", "::/0")
"""The user has named the address, so that it may be one of their own networks."""

_log = logging.getLogger(__name__)


class Ruling:
    """Watches one database by its rules; ``clock`` gives seconds.

    Several processes may do so: windows are looked at once, and rules evaluated by one of them.

    Raises:
        SettingsError: ``alert_url`` is set without a key that can be read.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        environ: Mapping[str, str],
        clock: Callable[[], float] = time.time,
        every: float = FLUSH_SECONDS,
    ) -> None:
        self._store, self._settings, self._environ = store, settings, environ
        self._clock, self._every = clock, every
        self._key = key_of(settings)
        self._fetcher: Fetcher | None = None
        self._says = False  # whoever asks on the command line is told without a log
        self._of_trials: Rule | None = None
        self.drifting = Drifting(store, clock)
        self.states = States(store, clock)

    async def run(self, in_thread: InThread) -> None:
        """Look, evaluate and send, again and again, until this is cancelled."""
        self._says = True
        while True:
            try:
                await in_thread(self.look)
                if await in_thread(self.states.claim, "rules"):
                    await self._day()
                if await in_thread(self.states.claim, "quick"):
                    await asyncio.to_thread(self.check, quick=True)
                await self.send(in_thread)
            except DatabaseError as error:
                _log.debug("the rules wait for the database: %s", error)
            await asyncio.sleep(self._every)

    async def _day(self) -> None:
        """A day's evaluation, in a thread of its own: it reads folders and may ask servers."""
        try:
            await asyncio.to_thread(self.check)
            await asyncio.to_thread(self.drifting.forget)
        except BaseException:
            await asyncio.to_thread(self.states.try_again)
            raise

    def look(self) -> int:
        """Hold new windows against the reference, and the rules of drift and trials against what
        that gave; says how many windows there were."""
        many = 0
        while found := self.drifting.look():
            many += found
            if found < AT_ONCE:
                break
        if many:
            self._keep(drift(figures.drift(self.drifting)))
        self._look_at_trials()
        return many

    def _look_at_trials(self) -> None:
        """A trial that was stopped is told at once; nothing is written while all is as it was."""
        if not self._settings.challengers:
            return  # another worker may have some, and they are not to contradict each other
        rule = trial_stopped(trials(self._store, self._settings, self._environ))
        if rule != self._of_trials:
            self._keep(rule)
            self._of_trials = rule

    def reroutes(self) -> bool:
        """Whether a trial of the user's own gives pages to other engines now.

        Raises:
            DatabaseError: the database cannot be read.
        """
        return reroutes(self._store, self._settings, self._environ)

    def check(self, *, quick: bool = False) -> tuple[Rule, ...]:
        """Evaluate all rules now, or the ``quick`` ones, which read nothing but the database; and
        keep what they say.

        Raises:
            DatabaseError: the database cannot be used.
        """
        now = self._clock()
        facts = gather(self._store, self._settings, self._environ, self.drifting, now, quick=quick)
        rules = evaluate(facts, quick=quick)
        self._keep(*rules)
        return rules

    def pin(self, since: int) -> Reference | None:
        """As `Drifting.pin`; what was off against the reference before is off no more, and the rule
        of drift cannot be told until a window was held against this one."""
        found = self.drifting.pin(since)
        if found is not None:
            self._keep(drift(figures.drift(self.drifting)))
        return found

    async def send(self, in_thread: InThread) -> int:
        """Send the messages that are due; says how many were tried."""
        if not self._settings.alert_url:
            return 0
        tried = 0
        while (message := await in_thread(self.states.claim_message)) is not None:
            tried += 1
            await self._send(message, in_thread)
        return tried

    async def _send(self, message: Message, in_thread: InThread) -> None:
        try:
            await self._posted(message)
        except Exception as error:  # also of a fault of ours, or it would be sent for ever
            if not isinstance(error, Error):
                _log.exception("a message about a rule")
            final = (
                getattr(error, "kind", "") == "bad_address"
                or getattr(error, "status", None) == GONE
            )
            tried = message.attempts
            wait = None if final or tried > len(WAITS) else WAITS[tried - 1]
            kind = getattr(error, "kind", None) or getattr(error, "code", "internal")
            _log.warning("a message about a rule has not arrived at alert_url: %s", kind)
            await in_thread(self.states.failed, message, str(kind)[:80], wait)
        else:
            await in_thread(self.states.delivered, message)

    async def _posted(self, message: Message) -> None:
        if self._fetcher is None:
            from rolecall.fetch import Fetcher

            self._fetcher = Fetcher(Rules(timeout=15.0, allow=EVERYWHERE))
        headers = headers_of(message, self._key, self._clock())
        await self._fetcher.post(self._settings.alert_url, message.body, headers)

    def _keep(self, *rules: Rule) -> None:
        for rule in self.states.keep(rules, alert=bool(self._settings.alert_url)):
            if not self._says:
                continue
            if rule.holds:
                _log.warning("%s: %s; %s", rule.name, rule.told, rule.next)
            else:
                _log.info("%s holds no more: %s", rule.name, rule.told)


def headers_of(message: Message, key: str, now: float) -> dict[str, str]:
    """The headers of a message that is sent ``now``, signed as the queue's callbacks are."""
    name, moment = f"rule-{message.id}", str(int(now))
    return {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": moment,
        "webhook-signature": signature(key, name, moment, message.body),
    }


def key_of(settings: Settings) -> str:
    """The secret by which messages are signed; empty without ``alert_url``.

    Raises:
        SettingsError: the address is none; there is one and no secret, or one that is too short.
    """
    if not settings.alert_url:
        return ""
    try:
        read_url(settings.alert_url, Rules(allow=EVERYWHERE).networks)
    except FetchError as error:
        raise SettingsError(
            f"alert_url cannot be used: {error.reason.rpartition(': ')[2]}",
            hint='write it whole, such as alert_url = "https://chat.example/hooks/rolecall"',
        ) from error
    if not settings.alert_key_file:
        raise SettingsError(
            "alert_url is set without alert_key_file",
            hint="name a file with a secret: openssl rand -base64 32 > alert.key",
        )
    try:
        key = Path(settings.alert_key_file).expanduser().read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise SettingsError(
            f"alert_key_file {settings.alert_key_file} cannot be read: {why}",
            hint="name a file with a secret: openssl rand -base64 32 > alert.key",
        ) from error
    if len(key) < SHORTEST_KEY:
        raise SettingsError(
            f"the secret in alert_key_file is shorter than {SHORTEST_KEY} characters",
            hint="make one: openssl rand -base64 32 > alert.key",
        )
    return key
