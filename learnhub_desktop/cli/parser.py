"""The commands and their options. Importing this must stay cheap: `--help` is asked often."""

from __future__ import annotations

import argparse
from datetime import date
from typing import Any, Final, NoReturn

from learnhub_desktop import __version__
from learnhub_desktop.cli.terminal import ExitCode
from learnhub_desktop.domain.refunds import RefundReason, RefundTo
from learnhub_desktop.domain.states import PaymentMethod, SchoolKind
from learnhub_desktop.domain.text import LARGEST_ID, read_whole

# Of the registry, which takes too long to load.
JOBS: Final = ("ask-gateway", "renewals", "retry-renewals", "revenue", "prune-changes")

_LONGEST: Final = 250

_EPILOG: Final = """\
schools:
  --database takes the name of a saved profile, "sample" for the sample school, a file as
  sqlite:///school.db, or a server as mysql://account@host:3306/database. A server's TLS is
  checked against this system's certificates; ?ca=FILE or ?pin=SHA256 checks it otherwise,
  and ?tls=off is for a server on this computer only. Without --database it is what
  LEARNHUB_DATABASE says, else the profile that was used last.

passwords:
  are taken from LEARNHUB_PASSWORD, from the system's keyring, or asked for at a terminal;
  never from an address.

exit codes:
  0  done
  1  refused: the reason is on stderr, in one sentence
  2  wrong use: an option, a value or a file that cannot be used
  3  the database cannot be reached
  4  the outcome is not known: run the same command again with the key on stderr
  70 a fault in LearnHub itself: the details are in its log, which stderr names
"""


class Parser(argparse.ArgumentParser):
    """Argparse whose complaints are one sentence."""

    def __init__(self, **arguments: Any) -> None:
        arguments.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(**arguments, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        text = " ".join(message.split())
        if len(text) > _LONGEST:
            text = f"{text[:_LONGEST]}…"
        raise WrongUse(f"{text[:1].upper()}{text[1:]}. See {self.prog} --help.")


class WrongUse(Exception):
    """The command line cannot be understood."""

    code: Final = ExitCode.WRONG_USE


def build() -> Parser:
    parser = Parser(
        prog="learnhub",
        description="The back office of a learning management system, without its window.",
        epilog=_EPILOG,
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"LearnHub Desktop {__version__}",
        help="say which version this is",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_db(commands)
    _add_sample_and_tour(commands)
    _add_import(commands)
    _add_enrol(commands)
    _add_refund(commands)
    _add_courses(commands)
    _add_jobs(commands)
    _add_years(commands)
    return parser


def _command(commands: Any, name: str, text: str, *, database: bool = True, **more: Any) -> Parser:
    """One command with the options that each has."""
    parser: Parser = commands.add_parser(
        name, help=text, description=f"{text[:1].upper()}{text[1:]}.", **more
    )
    if database:
        parser.add_argument(
            "--database", metavar="URL|PROFILE", help="the school; see `learnhub --help`"
        )
    parser.add_argument(
        "--json", action="store_true", help="write one JSON object to stdout, and nothing else"
    )
    return parser


def _add_db(commands: Any) -> None:
    db: Parser = commands.add_parser(
        "db",
        help="make, check, save and restore a school",
        description="Make, check, save and restore a school.",
    )
    parts = db.add_subparsers(dest="part", metavar="COMMAND", required=True)
    create = _command(parts, "create", "make an empty school, in a new file or database")
    create.add_argument("--name", default="LearnHub", help="the school's name (%(default)s)")
    create.add_argument(
        "--currency", default="USD", help="its currency, with two decimals (%(default)s)"
    )
    create.add_argument(
        "--time-zone", default="UTC", help="its zone, such as Europe/Berlin (%(default)s)"
    )
    create.add_argument(
        "--kind",
        choices=[kind.value for kind in SchoolKind],
        default=SchoolKind.PRODUCTION.value,
        help="a test or sample school gets a simulated payment gateway (%(default)s)",
    )
    _command(parts, "upgrade", "bring a school up to this program's version")
    _command(parts, "check", "say whether this server and this program fit each other")
    verify = _command(parts, "verify", "count every kept number again and compare")
    verify.add_argument("--repair", action="store_true", help="correct what differs")
    backup = _command(parts, "backup", "save a whole school to a file")
    backup.add_argument("file", metavar="FILE", help="a file that does not exist yet")
    restore = _command(parts, "restore", "load a saved school into an empty database or new file")
    restore.add_argument("file", metavar="FILE", help="what `db backup` wrote")


def _add_sample_and_tour(commands: Any) -> None:
    sample = _command(commands, "sample", "make the sample school on this computer", database=False)
    sample.add_argument(
        "--again", action="store_true", help="replace the sample school that is there"
    )
    tour = _command(
        commands, "tour", "drive the real window and take a picture of each step", database=False
    )
    tour.add_argument("--out", metavar="DIR", required=True, help="where the pictures go")


def _add_import(commands: Any) -> None:
    parser = _command(
        commands,
        "import",
        "read a catalog or a list of students from a file",
        epilog=(
            "A second import of the same file changes nothing. Rows that are damaged are\n"
            "reported by line and stop no other. One transaction: all good rows, or none.\n\n"
            "fields of courses:\n"
            "  external_id title description price currency is_paid level status\n"
            "  duration_hours duration_minutes url tags published_at language provider\n"
            "fields of students:\n"
            "  name first_name last_name email external_id country"
        ),
    )
    parser.add_argument("what", choices=["courses", "students"], help="what the file holds")
    parser.add_argument("file", metavar="FILE", help="a CSV or other delimited text file")
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="FIELD=COLUMN",
        help="which column holds a field; may be given several times",
    )
    parser.add_argument(
        "--instructor", metavar="EMAIL", help="who teaches courses that are new (courses only)"
    )
    parser.add_argument(
        "--currency", metavar="C", help="of prices that name none; the school's without it"
    )
    parser.add_argument("--encoding", metavar="E", help="the file's encoding, such as cp1252")
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would happen, and write nothing"
    )


def _add_enrol(commands: Any) -> None:
    parser = _command(
        commands,
        "enrol",
        "enrol a student, with a payment or by hand",
        epilog=(
            "examples:\n"
            "  learnhub enrol --student ola@example.org --course 12 --card tok_visa\n"
            "  learnhub enrol --student ola@example.org --course 12 --method bank_transfer\n"
            "  learnhub enrol --student ola@example.org --course 12 --free --reason Scholarship"
        ),
    )
    parser.add_argument("--student", metavar="EMAIL", required=True, help="who is enrolled")
    parser.add_argument(
        "--course", metavar="ID", required=True, type=_number, help="the course's number"
    )
    parser.add_argument(
        "--method",
        choices=[method.value for method in PaymentMethod],
        help=f"how the price is paid ({PaymentMethod.CREDIT_CARD})",
    )
    parser.add_argument(
        "--card", metavar="TOKEN", help="the gateway's token for the card, never its number"
    )
    parser.add_argument(
        "--key",
        help="names this purchase: used again, it settles it and never charges a second time",
    )
    parser.add_argument("--free", action="store_true", help="without a payment; needs --reason")
    parser.add_argument("--reason", metavar="TEXT", help="why it is free")
    parser.add_argument(
        "--override", metavar="TEXT", help="why the student may skip the prerequisites"
    )
    parser.add_argument(
        "--release",
        metavar="ALERT",
        type=_number,
        help="the alert whose blocked purchase a reviewer released",
    )


def _add_refund(commands: Any) -> None:
    reasons = ", ".join(reason.value for reason in RefundReason)
    parser = _command(
        commands,
        "refund",
        "give a payment back, in part or in full",
        epilog=(
            "A full refund ends the access and frees the seat; a part leaves both.\n\n"
            "examples:\n"
            "  learnhub refund 318 --reason customer_request\n"
            "  learnhub refund 318 --reason goodwill --amount 10.00 --to balance"
        ),
    )
    parser.add_argument("payment_id", metavar="PAYMENT_ID", type=_number, help="the payment")
    parser.add_argument(
        "--reason",
        metavar="CODE",
        required=True,
        choices=[reason.value for reason in RefundReason],
        help=f"one of {reasons}",
    )
    parser.add_argument("--amount", metavar="A", help="how much; all that is left without it")
    parser.add_argument("--comment", metavar="TEXT", default="", help="what should be remembered")
    parser.add_argument(
        "--key", help="names this refund: used again, it settles it and never refunds twice"
    )
    parser.add_argument(
        "--seen-refunded",
        metavar="A",
        help="what was refunded so far as you saw it; refused if another desk refunded since",
    )
    parser.add_argument(
        "--override", metavar="TEXT", help="why it is granted past the policy (finance only)"
    )
    parser.add_argument(
        "--to",
        choices=[place.value for place in RefundTo],
        default=RefundTo.ORIGINAL.value,
        help="where the money goes (%(default)s)",
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="the same amount went back within 24 hours, and should go back once more",
    )


def _add_courses(commands: Any) -> None:
    archive = _command(commands, "archive", "take a course off sale; its students keep access")
    archive.add_argument("course_id", metavar="COURSE_ID", type=_number, help="the course")
    archive.add_argument("--reason", metavar="TEXT", required=True, help="why")
    restore = _command(commands, "restore", "put an archived course on sale again")
    restore.add_argument("course_id", metavar="COURSE_ID", type=_number, help="the course")


def _add_jobs(commands: Any) -> None:
    jobs: Parser = commands.add_parser(
        "jobs",
        help="run what must be done from time to time",
        description="Run what must be done from time to time.",
    )
    parts = jobs.add_subparsers(dest="part", metavar="COMMAND", required=True)
    run = _command(
        parts,
        "run",
        "run one job now, or all that are due",
        epilog=(
            "jobs:\n"
            "  ask-gateway     asks the gateway about payments whose outcome is not known,\n"
            "                  and ends holds that ran out (every 5 minutes)\n"
            "  renewals        bills the next period of each subscription (daily)\n"
            "  retry-renewals  charges again what was declined or not sent (every 5 minutes)\n"
            "  revenue         counts yesterday's revenue, and days that were missed (daily)\n"
            "  prune-changes   removes what no desk will read any more (every hour)\n\n"
            "Let a timer call `learnhub jobs run --due` every 5 minutes, on one computer or on\n"
            "several: each due run is done once."
        ),
    )
    run.add_argument(
        "name", metavar="NAME", nargs="?", choices=JOBS, help=f"one of {', '.join(JOBS)}"
    )
    run.add_argument("--due", action="store_true", help="run every job that is due now")
    run.add_argument(
        "--from", dest="first", metavar="DAY", type=_day, help="revenue: count again from this day"
    )
    run.add_argument(
        "--to", dest="last", metavar="DAY", type=_day, help="to this day; else the one day alone"
    )
    _command(parts, "list", "tell when each job ran last and when it runs next")


def _add_years(commands: Any) -> None:
    years: Parser = commands.add_parser(
        "years",
        help="archive, export and drop the payments of closed years",
        description="Archive, export and drop the payments of closed years.",
    )
    parts = years.add_subparsers(dest="part", metavar="COMMAND", required=True)
    _command(parts, "list", "tell what each year holds and where it stands")
    archive = _command(
        parts,
        "archive",
        "move what is over of a closed year to the archive",
        epilog=(
            "A charge moves with all its refunds, and only when nothing open refers to it.\n"
            "Archived payments are still found, and can only be read. After a crash, run it again."
        ),
    )
    export = _command(parts, "export", "write a year's archived payments into a zip")
    drop = _command(
        parts,
        "drop",
        "take an archived year out of the database, with its export in hand",
        epilog=(
            "The export is read back and compared with the archive first; what differs by one\n"
            "value is not dropped. Restore nothing from it: it is for the books."
        ),
    )
    for part in (archive, export, drop):
        part.add_argument("year", metavar="YEAR", type=_year, help="such as 2024; it must be over")
    export.add_argument("file", metavar="FILE", help="a zip that does not exist yet")
    drop.add_argument(
        "--export", metavar="FILE", help="the export; where `years export` left it without this"
    )


def _year(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) != 4:
        raise argparse.ArgumentTypeError(f"“{text[:40]}” is not a year such as 2024")
    return int(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text[:40]}” is not a day such as 2026-03-31") from None


def _number(text: str) -> int:
    """The number of a row, as people read it off a screen."""
    number = read_whole(text, most=LARGEST_ID)
    if not number:
        raise argparse.ArgumentTypeError(f"“{text[:40]}” is not a number such as 318")
    return number
