"""The house's own upkeep, by the clock: sealing the audit, backups, and away with what nobody will ask for any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from app.backup.making import make
from config import Settings
from models.kernel.attachment import contents_in_use
from models.kernel.clock import local
from models.kernel.job import work
from models.kernel.job_centre import clear_files, clear_jobs
from models.kernel.job_running import Run
from models.kernel.job_schedule import daily, every
from models.kernel.refusal import Refusal
from models.kernel.seal import seal
from models.kernel.store import FolderStore
from models.kernel.words import Words, _
from views.kernel.exchange.staging import Staging

PREFIX, SUFFIX = "doorbook-", ".zip"
YOUNG = timedelta(days=1)
"""A content that no row names is left alone for so long: its row may be on its way."""


@work("seal", _("Seal the audit", "审计日志封存"), quiet=True)
def seal_audit(run: Run) -> dict[str, Any]:
    """Chains audit rows that are ripe. Sealing commits by itself, batch by batch, and seals nothing twice."""
    return {"rows": seal(run.session)}


every("seal", timedelta(minutes=1))


# -- backup -----------------------------------------------------------------------------------------------------------


@work("backup", _("Backup", "数据备份"), attempts=2)
def back_up(run: Run) -> dict[str, Any]:
    """Makes a verified backup, and only then lets old ones go. What is wrong with it makes the job fail."""
    settings = Settings.read()
    folder = settings.backups
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as failure:
        raise Refusal(
            _(
                "The folder of backups {folder} cannot be made: {reason}. Set BACKUP_FOLDER to another.",
                "备份目录 {folder} 无法创建：{reason}。请通过 BACKUP_FOLDER 指定其他目录。",
            ).fill(folder=folder, reason=failure.strerror or "")
        ) from failure
    for left in folder.glob(f".{PREFIX}*.part"):  # of an attempt that died
        left.unlink(missing_ok=True)
    target = folder / f"{PREFIX}{local(run.clock()):%Y-%m-%d-%H%M%S}{SUFFIX}"
    manifest = make(settings, target)
    gone = superfluous(kept_backups(folder), settings.backup_days, settings.backup_weeks)
    for old in gone:
        old.unlink(missing_ok=True)
    words = _(
        "{file}: {rows} rows and {files} files, {size} MB, verified. {gone} old ones were deleted, {kept} are kept.",
        "{file}：{rows} 行数据、{files} 个附件，{size} MB，已校验。清理旧备份 {gone} 份，现存 {kept} 份。",
    ).fill(
        file=target.name,
        rows=f"{sum(part.rows for part in manifest.tables.values()):,}",
        files=f"{len(manifest.files):,}",
        size=f"{target.stat().st_size / 1_048_576:,.1f}",
        gone=len(gone),
        kept=len(kept_backups(folder)),
    )
    return _said(run, words)


def kept_backups(folder: Path) -> list[Path]:
    """Returns the backups the clock made, newest first. Others in the folder are nobody's to delete."""
    return sorted((file for file in folder.glob(f"{PREFIX}*{SUFFIX}") if _day_of(file)), reverse=True)


def superfluous(backups: Sequence[Path], days: int, weeks: int) -> list[Path]:
    """Returns the backups that may go: all but the newest of each of the last days, and of weeks before those.

    Args:
        backups: newest first; the newest always stays.
        days: so many days that have one keep it.
        weeks: of those before, so many weeks (Monday to Sunday) that have one keep the newest of it.
    """
    newest_of_day: dict[date, Path] = {}
    for file in backups:
        newest_of_day.setdefault(_day_of(file) or date.min, file)
    kept = [newest_of_day[day] for day in sorted(newest_of_day, reverse=True)[:days]]
    newest_of_week: dict[date, Path] = {}
    for day in sorted(newest_of_day, reverse=True)[days:]:
        newest_of_week.setdefault(day - timedelta(days=day.weekday()), newest_of_day[day])
    kept += [newest_of_week[week] for week in sorted(newest_of_week, reverse=True)[:weeks]]
    return [file for file in backups if file not in kept]


def _day_of(file: Path) -> date | None:
    with suppress(ValueError):
        return datetime.strptime(file.name, f"{PREFIX}%Y-%m-%d-%H%M%S{SUFFIX}").date()
    return None


# -- away with it -----------------------------------------------------------------------------------------------------


@work("sweep", _("Clear away", "清理过期文件"))
def sweep(run: Run) -> dict[str, Any]:
    """Deletes imports nobody went on with, files of jobs that have expired, and contents that no row names any more."""
    imports = Staging(run.home).sweep()
    files = clear_files(run.session, run.home)
    run.session.rollback()
    contents = sweep_contents(run)
    words = _(
        "{imports} imports, {files} files of jobs and {contents} contents of attachments were deleted.",
        "已清理：未完成的导入 {imports} 个、任务结果文件 {files} 个、无引用的附件内容 {contents} 个。",
    ).fill(imports=imports, files=files, contents=contents)
    return _said(run, words)


every("sweep", daily("03:30"))


def sweep_contents(run: Run) -> int:
    """Deletes contents that no attachment names, deleted ones included, and that are a day old. Returns: how many."""
    store, gone = FolderStore(run.home / "files"), 0
    before = run.clock().timestamp() - YOUNG.total_seconds()
    for some in _thousands(store.older(before)):
        used = contents_in_use(run.session, some)
        run.session.rollback()
        for digest in some:
            if digest not in used:
                store.drop(digest, before)
                gone += 1
        run.advance()
    return gone


def _thousands(digests: Iterable[str], size: int = 500) -> Iterable[list[str]]:
    some: list[str] = []
    for digest in digests:
        some.append(digest)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some


@work("clear_jobs", _("Clear old jobs", "清理历史任务"))
def clear_old_jobs(run: Run) -> dict[str, Any]:
    """Deletes jobs that ended 90 days ago, and small upkeep that ended well a day ago."""
    gone = 0
    while some := clear_jobs(run.session):
        gone += some
        run.advance(gone)
    return _said(run, _("{n} jobs were deleted.", "已清理 {n} 条任务记录。").fill(n=f"{gone:,}"))


every("clear_jobs", daily("03:45"))


def _said(run: Run, words: Words) -> dict[str, Any]:
    run.log(words, "green")
    return {"words": {"en": words.said("en"), "zh": words.said("zh")}}
