"""Settings from the environment. Only `app` reads them; nothing below it knows an environment variable."""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent

SUPPORTED = "sqlite:////path/to/file.db or postgresql://user:password@host/name"
_POSTGRES = ("postgresql", "postgres", "postgresql+psycopg")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_LONG_ENOUGH = 32
_VARIED_ENOUGH = 10


class BadSetting(Exception):
    """A setting that cannot be worked with; its text is one sentence for the operator."""


@dataclass(frozen=True)
class Mail:
    """The server mail is handed to (SMTP_*): `tls` is none, starttls or tls; `sender` the address mail comes from."""

    host: str
    port: int
    tls: str
    user: str
    password: str = field(repr=False)
    sender: str


@dataclass(frozen=True)
class Settings:
    """What an installation is told from outside. `Settings.read()` is the way to one.

    Attributes:
        home: the folder of everything this installation keeps: database, files, secrets, logs.
        host: the address the server listens at.
        port: the port the server listens at; 0 lets the machine choose one.
        database_url: as SQLAlchemy takes it; SQLite by absolute path, PostgreSQL through psycopg 3.
        redis_url: None where there is no Redis.
        secret_key: signs cookies and tokens.
        data_key: the master secret of masked columns. Lost with it is all personal data.
        demo: whether an empty database is filled with the demo company.
        environment: `development` or `production`.
        workers: processes that serve.
        backups: the folder of the backups made by the clock.
        backup_at: when, every day, in the company's zone (HH:MM); empty for never.
        backup_days, backup_weeks: how many of the last days, and of weeks before them, keep a backup.
        public_url: the address people open, for links in mails; ends with a slash.
        mail: the server mail is handed to; None where none is sent.
        webhook_networks: private networks that webhooks may lie in, such as 10.0.0.0/8.
        trusted_proxies: how many proxies of ours a request passes; what they say of its address is believed.
        rate_limits: whether requests are counted and refused when there are too many; off for measurements and tests.
        two_step_roles: roles whose holders must sign in by two steps.
    """

    home: Path
    host: str
    port: int
    database_url: str = field(repr=False)
    redis_url: str | None = field(repr=False)
    secret_key: str = field(repr=False)
    data_key: str = field(repr=False)
    demo: bool
    environment: str
    workers: int
    backups: Path
    backup_at: str = "02:30"
    backup_days: int = 7
    backup_weeks: int = 4
    public_url: str = ""
    mail: Mail | None = None
    webhook_networks: tuple[Network, ...] = ()
    trusted_proxies: int = 0
    two_step_roles: tuple[str, ...] = ()
    rate_limits: bool = True

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Reads the settings, and on the first call makes the home folder and its secrets.

        Args:
            environment: the variables; those of the process when left out. An empty variable counts as absent.

        Raises:
            BadSetting: a value that cannot be worked with, or one too weak for production.
        """
        given = {name: value.strip() for name, value in (environment or os.environ).items() if value.strip()}
        kind = given.get("DOORBOOK_ENV", "development")
        if kind not in ("development", "production"):
            raise BadSetting(f"DOORBOOK_ENV is “{kind}”; it is development or production.")
        production = kind == "production"
        port = _number(given, "PORT", 8000, 0, 65535)
        workers = _number(given, "WORKERS", 2, 1, 64)
        demo = _yes(given, "DOORBOOK_DEMO", not production)
        if production and demo:
            raise BadSetting("Production has no demo company: leave DOORBOOK_DEMO out, or set it to 0.")
        redis_url = given.get("REDIS_URL")
        if redis_url and not redis_url.startswith(("redis://", "rediss://", "unix://")):
            raise BadSetting("REDIS_URL does not begin with redis://, rediss:// or unix://.")
        url = _database_url(given["DATABASE_URL"]) if "DATABASE_URL" in given else None
        for name in ("SECRET_KEY", "DATA_KEY"):
            if production and name in given and _weak(given[name]):
                raise BadSetting(
                    f"{name} is too weak for production: use at least {_LONG_ENOUGH} random characters,"
                    " or leave it out and one is made and kept."
                )
        home = _home(Path(given.get("DOORBOOK_HOME") or ROOT / "instance").expanduser().absolute())
        secret_key = given.get("SECRET_KEY") or kept_secret(home / "secrets" / "secret_key")
        data_key = given.get("DATA_KEY") or kept_secret(home / "secrets" / "data_key")
        if secret_key == data_key:
            raise BadSetting("SECRET_KEY and DATA_KEY are the same; personal data needs a secret of its own.")
        return cls(
            home=home,
            host=given.get("HOST", "127.0.0.1"),
            port=port,
            database_url=url or f"sqlite:///{home / 'doorbook.db'}",
            redis_url=redis_url,
            secret_key=secret_key,
            data_key=data_key,
            demo=demo,
            environment=kind,
            workers=workers,
            backups=Path(given.get("BACKUP_FOLDER") or home / "backups").expanduser().absolute(),
            backup_at=_time_of_day(given, "BACKUP_AT", "02:30"),
            backup_days=_number(given, "BACKUP_DAYS", 7, 1, 366),
            backup_weeks=_number(given, "BACKUP_WEEKS", 4, 0, 520),
            public_url=_public_url(given),
            mail=_mail(given, production),
            webhook_networks=_networks(given),
            trusted_proxies=_number(given, "TRUSTED_PROXIES", 0, 0, 10),
            rate_limits=_yes(given, "RATE_LIMITS", True),
            two_step_roles=tuple(given.get("TWO_STEP_ROLES", "").replace(",", " ").split()),
        )

    @property
    def production(self) -> bool:
        """True where weak defaults and demo accounts are refused."""
        return self.environment == "production"

    @property
    def files(self) -> Path:
        """The folder of attachments."""
        return self.home / "files"

    @property
    def secrets(self) -> Path:
        """The folder of secrets made at the first start."""
        return self.home / "secrets"

    @property
    def logs(self) -> Path:
        """The folder of logs."""
        return self.home / "logs"

    @property
    def url(self) -> str:
        """The address people open, on this machine."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"


def kept_secret(file: Path, make: Callable[[], str] = lambda: secrets.token_urlsafe(48)) -> str:
    """Returns the secret kept in `file`; the first call makes it. Two first calls at once get the same one.

    Args:
        file: where it is kept, readable by its owner only.
        make: gives a new secret.

    Raises:
        BadSetting: it cannot be read or written, or the file is empty.
    """
    try:
        if not file.exists():
            fresh = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                out.write(make() + "\n")
                out.flush()
                os.fsync(out.fileno())
            try:
                os.link(fresh, file)  # unlike a rename, this never replaces what another process made meanwhile
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        secret = file.read_text().strip()
    except (OSError, UnicodeDecodeError) as failure:
        reason = getattr(failure, "strerror", None) or "no text"
        raise BadSetting(f"The secret {file} cannot be read or made: {reason}.") from None
    if not secret:
        raise BadSetting(f"The secret {file} is empty: bring it back from a backup, or remove the file for a new one.")
    return secret


def _home(home: Path) -> Path:
    try:
        for folder in (home, *(home / name for name in ("files", "secrets", "logs"))):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(13, "no permission to write")
    except OSError as failure:
        raise BadSetting(f"DOORBOOK_HOME {home} cannot be used: {failure.strerror}.") from None
    return home


def _number(given: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    value = given.get(name, str(default))
    if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
        raise BadSetting(f"{name} is “{value}”; it is a whole number from {low} to {high}.")
    return int(value)


def _time_of_day(given: Mapping[str, str], name: str, default: str) -> str:
    """Returns a time as HH:MM; empty where the variable says `never`."""
    value = given.get(name, default)
    if value == "never":
        return ""
    hour, found, minute = value.partition(":")
    if not (found and len(value) == 5 and (hour + minute).isdigit() and int(hour) < 24 and int(minute) < 60):
        raise BadSetting(f"{name} is “{value}”; it is a time such as 02:30, or never.")
    return value


def _mail(given: Mapping[str, str], production: bool) -> Mail | None:
    if "SMTP_HOST" not in given:
        strange = sorted(name for name in given if name.startswith("SMTP_"))
        if strange:
            raise BadSetting(f"{strange[0]} is set without SMTP_HOST: name the mail server, or leave it out.")
        return None
    tls = given.get("SMTP_TLS", "starttls")
    if tls not in ("none", "starttls", "tls"):
        raise BadSetting(f"SMTP_TLS is “{tls}”; it is starttls, tls or none.")
    user, password = given.get("SMTP_USER", ""), given.get("SMTP_PASSWORD", "")
    if production and user and tls == "none":
        raise BadSetting("SMTP_USER with SMTP_TLS=none would send the password unencrypted: use starttls or tls.")
    sender = given.get("SMTP_FROM", "")
    if not re.fullmatch(r"[^@\s<>,]+@[^@\s<>,]+", sender):
        raise BadSetting(f"SMTP_FROM is “{sender}”; it is the address mail comes from, such as doorbook@example.com.")
    port = _number(given, "SMTP_PORT", {"none": 25, "starttls": 587, "tls": 465}[tls], 1, 65535)
    return Mail(given["SMTP_HOST"], port, tls, user, password, sender)


def _networks(given: Mapping[str, str]) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(each) for each in given.get("WEBHOOK_NETWORKS", "").replace(",", " ").split())
    except ValueError as failure:
        raise BadSetting(f"WEBHOOK_NETWORKS: {failure}; write networks such as 10.0.0.0/8, 192.168.1.5/32.") from None


def _public_url(given: Mapping[str, str]) -> str:
    url = given.get("PUBLIC_URL", "")
    if url and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", url):
        raise BadSetting(
            f"PUBLIC_URL is “{url}”; it is the address people open, such as https://doorbook.example.com/."
        )
    return f"{url.rstrip('/')}/" if url else ""


def _yes(given: Mapping[str, str], name: str, default: bool) -> bool:
    value = given.get(name, "1" if default else "0")
    if value not in ("0", "1"):
        raise BadSetting(f"{name} is “{value}”; it is 1 or 0.")
    return value == "1"


def _database_url(url: str) -> str:
    """Returns a URL for SQLAlchemy. A refusal never repeats the URL: it may carry a password."""
    scheme, found, rest = url.partition("://")
    if found and scheme in _POSTGRES and rest:
        return f"postgresql+psycopg://{rest}"
    if found and scheme == "sqlite" and rest.startswith("/"):
        path, _, options = rest[1:].partition("?")
        if path in ("", ":memory:") or "mode=memory" in options:
            raise BadSetting("DATABASE_URL names a SQLite database in memory, which several processes cannot share.")
        if options:
            raise BadSetting("DATABASE_URL names SQLite with options after “?”; give the path alone.")
        # Absolute, so that every process means the same file wherever it starts.
        return f"sqlite:///{Path(path).expanduser().absolute()}"
    raise BadSetting(f"DATABASE_URL begins with “{scheme if found else ''}”; supported are {SUPPORTED}.")


def _weak(secret: str) -> bool:
    return len(secret) < _LONG_ENOUGH or len(set(secret)) < _VARIED_ENOUGH
