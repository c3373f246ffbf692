"""The baton command: run the practice, look after it, walk through it."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from deploy.home import Home, practice_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Command = Callable[[argparse.Namespace], int]

DEFAULT_URL = f"http://127.0.0.1:{os.environ.get('BATON_PORT', '8080')}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit status, 0 when it did what it was asked."""
    asked = _parser().parse_args(arguments)
    run: Command = asked.run
    try:
        return run(asked)
    except KeyboardInterrupt:
        return 130
    except _will_not_do() as error:
        print(f"baton: {getattr(error, 'detail', error)}", file=sys.stderr)
        return 1


def _will_not_do() -> tuple[type[Exception], ...]:
    from nats.errors import Error as NatsError

    from deploy.commands.connect import NotReachable
    from deploy.commands.stream import StreamUnreadable
    from deploy.subscribers import SubscriberRefused
    from shared.database import DatabaseUnavailable
    from shared.migrations import MigrationFailed
    from shared.practice import PracticeWrong

    return (
        NotReachable,
        StreamUnreadable,
        SubscriberRefused,
        DatabaseUnavailable,
        MigrationFailed,
        PracticeWrong,
        NatsError,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="baton", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add(commands, "up", _up, "run the whole practice on this machine until Ctrl-C")
    journey = _add(commands, "journey", _journey, "walk one patient's day over HTTP; 0 only if every step held")
    journey.add_argument("--url", default=DEFAULT_URL, help="where the practice is (default: %(default)s)")
    journey.add_argument("--password", default="baton", help="of everybody in the walk (default: the sample's)")
    journey.add_argument("--json", action="store_true", help="print the steps as JSON lines")
    _add(commands, "secrets", _secrets, "make every secret and the nats-server's configuration, once")
    _add(commands, "setup", _setup, "prepare databases and stream on given servers, as docker compose does")
    _add(commands, "migrate", _migrate, "bring every database to the newest version")
    config = _add(commands, "nats-config", _nats_config, "print the generated nats-server configuration")
    config.add_argument("--users", action="store_true", help="print who may sign in and what each may say and hear")
    check = _group(commands, "practice", "the practice's data").add_parser(
        "check", help="say all that is wrong with it"
    )
    check.add_argument("folder", type=Path, nargs="?", default=None)
    check.set_defaults(run=_practice_check)
    subscriber = _group(commands, "subscriber", "other teams' consumers").add_parser("add", help="make one")
    subscriber.add_argument("name")
    subscriber.add_argument(
        "--filter", action="append", default=[], help="a subject such as care.booking.> (repeatable)"
    )
    subscriber.set_defaults(run=_subscriber_add)
    tail = _group(commands, "events", "the practice's events").add_parser("tail", help="print them as they happen")
    tail.add_argument("--filter", default="care.>", help="a subject such as care.booking.> (default: %(default)s)")
    tail.add_argument("--from", dest="first", type=int, help="begin with this stream sequence, 1 for the first")
    tail.add_argument("--no-follow", action="store_true", help="end with the last event stored")
    tail.add_argument("--json", action="store_true", help="print the events as JSON lines")
    tail.set_defaults(run=_events_tail)
    letters = _group(commands, "dead-letters", "events that a service could not handle")
    letters.add_parser("list", help="show them").set_defaults(run=_letters_list)
    for name, run, text in (("replay", _replay, "handle one again"), ("discard", _discard, "let one be")):
        one = letters.add_parser(name, help=text)
        one.add_argument("id", type=UUID)
        one.set_defaults(run=run)
    verify = _group(commands, "audit", "who looked at what").add_parser("verify", help="find any change to the logs")
    verify.set_defaults(run=_audit_verify)
    _add(commands, "erase-stream", _erase_stream, "take the events of erased patients out of the stream")
    rotate = _group(commands, "keys", "what everything is sealed with").add_parser("rotate", help="make new keys")
    rotate.add_argument(
        "--groups-older-than-days", type=int, help="renew threads and record groups with older keys too"
    )
    rotate.set_defaults(run=_keys_rotate)
    return parser


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, run: Command, text: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(run=run)
    return parser


def _group(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, text: str
) -> argparse._SubParsersAction[argparse.ArgumentParser]:
    return commands.add_parser(name, help=text, description=text).add_subparsers(required=True, metavar="COMMAND")


def _up(_: argparse.Namespace) -> int:
    from deploy.stack.up import up

    return up()


def _journey(asked: argparse.Namespace) -> int:
    from deploy.journey.run import journey

    return journey(asked.url, asked.password, as_json=asked.json)


def _secrets(_: argparse.Namespace) -> int:
    from deploy.commands.setup import make_secrets

    return make_secrets(Home.from_environment())


def _setup(_: argparse.Namespace) -> int:
    from deploy.commands.setup import setup

    return asyncio.run(setup(Home.from_environment()))


def _migrate(_: argparse.Namespace) -> int:
    from deploy.commands.setup import migrate

    return asyncio.run(migrate(Home.from_environment()))


def _nats_config(asked: argparse.Namespace) -> int:
    from deploy.commands.setup import print_nats_config

    return print_nats_config(Home.from_environment(), users=asked.users)


def _practice_check(asked: argparse.Namespace) -> int:
    from shared.practice import check

    folder: Path = asked.folder or practice_dir()
    problems = check(folder, datetime.now(UTC).date())
    for problem in problems:
        print(problem)
    print(f"{len(problems)} to put right in {folder}." if problems else f"Nothing is wrong with {folder}.")
    return 1 if problems else 0


def _subscriber_add(asked: argparse.Namespace) -> int:
    from deploy.commands import subscriber

    return asyncio.run(subscriber.add(Home.from_environment(), asked.name, tuple(asked.filter) or ("care.>",)))


def _events_tail(asked: argparse.Namespace) -> int:
    from deploy.commands import events

    tail = events.tail(
        Home.from_environment(),
        subjects=asked.filter,
        first=asked.first or (1 if asked.no_follow else None),
        as_json=asked.json,
        follow=not asked.no_follow,
    )
    return asyncio.run(tail)


def _letters_list(_: argparse.Namespace) -> int:
    from deploy.commands import letters

    return asyncio.run(letters.show(Home.from_environment()))


def _replay(asked: argparse.Namespace) -> int:
    from deploy.commands import letters

    return asyncio.run(letters.replay(Home.from_environment(), asked.id))


def _discard(asked: argparse.Namespace) -> int:
    from deploy.commands import letters

    return asyncio.run(letters.discard(Home.from_environment(), asked.id))


def _audit_verify(_: argparse.Namespace) -> int:
    from deploy.commands import audit

    return asyncio.run(audit.verify_logs(Home.from_environment()))


def _erase_stream(_: argparse.Namespace) -> int:
    from deploy.commands import erase

    return asyncio.run(erase.erase_stream(Home.from_environment()))


def _keys_rotate(asked: argparse.Namespace) -> int:
    from deploy.commands import keys

    days: int | None = asked.groups_older_than_days
    older = None if days is None else timedelta(days=days)
    return asyncio.run(keys.rotate(Home.from_environment(), practice_dir(), groups_older_than=older))


if __name__ == "__main__":
    sys.exit(main())
