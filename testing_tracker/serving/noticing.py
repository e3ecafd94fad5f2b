"""Hands the reminders to check in over, to a mail server or to a facility's own command, and says how that ended.

It is a step of each turn, so it is short: what it does not get to in its time, the next turn does. No address is in
what is told, on record or in an error.
"""

import json
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import monotonic

from testing_tracker.errors import TestingTrackerError
from testing_tracker.reports.weekly.mail import addressed
from testing_tracker.rules.check_in.check_in_file import CheckInSettings
from testing_tracker.rules.check_in.notice_words import Reminding
from testing_tracker.rules.check_in.notices import NoticeChannel, NoticeKind
from testing_tracker.rules.check_in.page_words import Language
from testing_tracker.rules.serving.delivery_file import MailDelivery
from testing_tracker.services.check_in.reminding import notices
from testing_tracker.services.check_in.reminding.notices import HandedOver, ToHandOver
from testing_tracker.serving import events
from testing_tracker.serving.commands import CommandFailedError, ended_with, status_of
from testing_tracker.serving.courier import Transaction
from testing_tracker.serving.events import Event
from testing_tracker.serving.mail import NotSentError, send

SECONDS_FOR_A_TURN = 20.0  # no attempt is begun after that
SECONDS_FOR_A_COMMAND = 30.0
SECONDS_TO_ANSWER = 10.0  # for a mail server, each time
AT_ONCE = 4
TAKEN_TOGETHER = 8
TRY_AGAIN, OPTED_OUT = 75, 69  # what a command ends with; 75 is EX_TEMPFAIL and 69 EX_UNAVAILABLE of sysexits.h
NO_MORE = "the recipient wants no more of them"


@dataclass(frozen=True)
class Noticing:
    """A facility's reminders, by its check-in file, and by the mail server that its delivery file names.

    `mark` says before each event which facility it is about, where there are several. `seconds` is how long a command
    may take, and `stopwatch` tells those that have passed.
    """

    reading: Transaction
    writing: Transaction
    settings: CheckInSettings | None
    mail: MailDelivery | None
    facility: int
    mark: str = ""
    seconds: float = SECONDS_FOR_A_COMMAND
    stopwatch: Callable[[], float] = field(default=monotonic)

    @property
    def ways(self) -> tuple[NoticeChannel, ...]:
        """The channels that the facility has."""
        return self.settings.channels(has_mail=self.mail is not None) if self.settings is not None else ()

    def send_what_is_owed(self, is_ending: Callable[[], bool] = lambda: False) -> bool:
        """Hand over what is owed by now, as far as the time goes; returns whether all that was attempted was taken.

        Never raises for what keeps a reminder: that is in the queue, which `notice list` shows.
        """
        if self.settings is None or self.settings.notices is None:
            return True
        begun = self.stopwatch()
        ended: list[HandedOver] = []
        is_first = True
        while not is_ending() and self.stopwatch() - begun < SECONDS_FOR_A_TURN:
            with self.reading() as work:
                if not notices.is_anything_owed(work, self.settings.notices, self.ways):
                    break
            with self.writing() as work:
                if is_first:
                    notices.put_in_order(work)
                said = notices.reminding(work, self.settings)
                taken = notices.claim_owed(work, self.settings.notices, self.ways, TAKEN_TOGETHER)
                now = work.now
            is_first = False
            if said is None or not taken:
                break
            some = self.hand_over(said, taken, now)
            ended += some
            if all(one.error is not None for one in some):
                break  # the way is closed, or too slow; the other things of a turn do not wait for it
        self._tell(ended)
        return all(one.error is None or one.opted_out for one in ended)

    def hand_over(self, said: Reminding, taken: Sequence[ToHandOver], now: datetime) -> Sequence[HandedOver]:
        """Hand over what was taken at a moment, some at once, and record how each ended."""
        begun = self.stopwatch()

        def left(one: ToHandOver) -> float:
            return (one.until - now).total_seconds() - (self.stopwatch() - begun)

        def attempt(one: ToHandOver) -> HandedOver:
            if left(one) <= 0:
                return HandedOver(one, "its time was over before it left", again=True, not_begun=True)
            return self._handed_over(said, one, now)

        with ThreadPoolExecutor(max_workers=AT_ONCE) as at_once:
            ended = list(at_once.map(attempt, taken))
        with self.writing() as work:
            notices.finish(work, ended)
        return ended

    def _handed_over(self, said: Reminding, one: ToHandOver, now: datetime) -> HandedOver:
        try:
            if one.channel is NoticeChannel.MAIL:
                key = f"notice {self.facility} {one.notice_id} {now:%Y-%m-%d}"
                self.mail_to(said, one.kind, one.language, one.address, now, key)
                return HandedOver(one)
            status = self.text_to(said, one.kind, one.language, one.address)
        except NotSentError as error:
            return HandedOver(one, str(error), again=not error.is_final)
        except CommandFailedError as error:
            return HandedOver(one, str(error))
        except Exception as error:  # or else it would keep the others from leaving, and the claims from ending
            return HandedOver(one, f"something went wrong inside the program ({type(error).__name__})")
        if status == OPTED_OUT:
            return HandedOver(one, NO_MORE, opted_out=True)
        return HandedOver(one, ended_with(self._command, status) if status else None, again=status == TRY_AGAIN)

    def tried(self, said: Reminding, channel: NoticeChannel, language: Language, address: str, now: datetime) -> str:
        """Send a morning's reminder to somebody who is no participant; what it says. Raises TestingTrackerError."""
        kind = NoticeKind.MORNING
        try:
            if channel is NoticeChannel.MAIL:
                self.mail_to(said, kind, language, address, now, f"notice test {self.facility} {now}")
                return ": ".join(part.strip().replace("\n\n", " ") for part in said.mail(kind, language))
            status = self.text_to(said, kind, language, address)
        except (NotSentError, CommandFailedError) as error:
            raise TestingTrackerError(f"Nothing was handed over by {channel}: {error}.") from None
        if status:
            meant = {TRY_AGAIN: ", which means: try again", OPTED_OUT: f", which means: {NO_MORE}"}.get(status, "")
            raise TestingTrackerError(
                f"Nothing was handed over by {channel}: {ended_with(self._command, status)}{meant}."
            )
        return said.text(kind, language, stops=self._stops)

    def mail_to(
        self, said: Reminding, kind: NoticeKind, language: Language, address: str, now: datetime, key: str
    ) -> None:
        """Mail a reminder to one address alone. Raises NotSentError."""
        assert self.mail is not None, "who has no mail server has not this channel"
        assert self.settings is not None, "whoever sends has settings"
        asked = self.settings.notices
        sender = asked.sender if asked is not None and asked.sender is not None else self.mail.sender
        mail = replace(self.mail, to=(address,), sender=sender)
        subject, body = said.mail(kind, language)
        send(mail, addressed(mail, subject, body, now, key, training=said.training), SECONDS_TO_ANSWER)

    def text_to(self, said: Reminding, kind: NoticeKind, language: Language, address: str) -> int:
        """Give a text to the facility's command, as a line of JSON; the status that it ends with.

        Raises CommandFailedError.
        """
        line = json.dumps({"to": address, "text": said.text(kind, language, stops=self._stops)})
        return status_of(self._command, f"{line}\n", self.seconds)

    @property
    def _stops(self) -> bool:
        return self.settings is not None and self.settings.notices is not None and self.settings.notices.stops

    @property
    def _command(self) -> tuple[str, ...]:
        return self.settings.notices.command if self.settings is not None and self.settings.notices is not None else ()

    def _tell(self, ended: Sequence[HandedOver]) -> None:
        """Tell how many left and how many did not, and of what; never whose."""
        taken = [one for one in ended if one.error is None]
        for kind in NoticeKind:
            count = sum(one.of.kind is kind for one in taken)
            if count:
                many = "1 reminder" if count == 1 else f"{count} reminders"
                self._say(Event.NOTICES_SENT, f"{many} to check in handed over ({kind})", count=count, kind=str(kind))
        failed = Counter(one.error for one in ended if one.error is not None and not one.not_begun)
        for error, count in failed.items():
            many = "1 reminder" if count == 1 else f"{count} reminders"
            said = f"{many} to check in not handed over: {error}. `testing-tracker notice list` shows which"
            self._say(Event.NOTICE_FAILED, said, logging.ERROR, count=count, error=error)

    def _say(self, event: Event, said: str, level: int = logging.INFO, **figures: object) -> None:
        events.tell(event, f"{self.mark}{said}", level=level, facility=self.facility, **figures)
