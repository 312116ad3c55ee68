"""The job centre: what works in the background, how far it is, what it said, what came of it; and the schedule."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Response, current_app, flash, jsonify, redirect, render_template, request, send_file
from flask_appbuilder import BaseView, expose

from models.kernel import job as kernel
from models.kernel import job_centre as centre
from models.kernel import job_schedule as schedule
from models.kernel.clock import today
from models.kernel.job import LIVING, WORKS, JobState
from models.kernel.refusal import Denied, Missing
from models.kernel.session import clock_of
from models.kernel.words import Words, _
from views.kernel.access import signed_in
from views.kernel.cells import Cell
from views.kernel.counts import COUNTERS, Counter
from views.kernel.formats import moment
from views.kernel.request import actor, language, say
from views.kernel.request import session as database
from views.kernel.shell import OWN_PAGES, Extra, menu_page, shell

TITLE = _("Job centre", "任务中心")
PAGE = {"label": TITLE, "url": "/job/list/"}
OWN_PAGES.append({"label": _("My jobs", "我的任务"), "url": "/job/list/", "icon": "progress"})
COUNTERS.append(Counter("jobs", None, lambda _session, who: centre.living_keys(who)))
menu_page(Extra("system", TITLE, "progress", "/job/list/", "login_log", place=90))

FILTERS: dict[str, tuple[Words, tuple[JobState, ...]]] = {
    "": (_("All", "全部"), ()),
    "living": (_("Under way", "进行中"), LIVING),
    "finished": (_("Finished", "已完成"), (JobState.FINISHED,)),
    "failed": (_("Failed", "失败"), (JobState.FAILED,)),
}
WEEKDAYS = [
    _("Mon", "周一"),
    _("Tue", "周二"),
    _("Wed", "周三"),
    _("Thu", "周四"),
    _("Fri", "周五"),
    _("Sat", "周六"),
    _("Sun", "周日"),
]


def when(at: datetime | None) -> str:
    """Returns a moment as pages show it."""
    return moment(at, exact=True)


def took(row: Any) -> str:
    """Returns how long a job ran last, as h:mm:ss; empty where it never ran."""
    if row.started_at is None:
        return ""
    seconds = int(((row.ended_at or clock_of(database())()) - row.started_at).total_seconds())
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}" if seconds >= 0 else ""


def progress(row: Any) -> Words | str:
    """Returns how far a job is, in words."""
    if row.total:
        return _("{done} of {total}", "{done} / {total}").fill(done=f"{row.done:,}", total=f"{row.total:,}")
    return f"{row.done:,}" if row.done else ""


class JobView(BaseView):
    """The pages of jobs."""

    route_base = "/job"
    default_view = "listed"

    @expose("/list/", methods=["GET"])
    @signed_in
    def listed(self) -> Any:
        """One's own jobs, and for overseers those of the people below them."""
        own = database()
        chosen = request.args.get("state", "")
        chosen = chosen if chosen in FILTERS else ""
        kind = request.args.get("kind", "")
        before = request.args.get("before", "")
        upkeep = request.args.get("upkeep") == "1"
        overseer = centre.oversees(own, actor())
        rows = centre.jobs(
            own,
            states=FILTERS[chosen][1],
            kind=kind if kind in WORKS else "",
            mine=request.args.get("mine") == "1",
            upkeep=upkeep,
            before=int(before) if before.isdecimal() and len(before) < 19 else None,
            size=centre.PAGE + 1,
        )
        page = {
            "title": TITLE,
            "tabs": [
                {"label": words, "url": f"/job/list/?state={name}" if name else "/job/list/", "active": name == chosen}
                for name, (words, _states) in FILTERS.items()
            ],
            "rows": [self._line(row) for row in rows[: centre.PAGE]],
            "others": overseer,
            "upkeep_url": ("/job/list/" if upkeep else "/job/list/?upkeep=1") if overseer else None,
            "upkeep": upkeep,
            "actions": [{"label": _("Schedule", "计划任务"), "url": "/schedule/", "icon": "calendar-clock"}]
            if overseer
            else [],
            "next_url": self._next(rows[centre.PAGE - 1].id) if len(rows) > centre.PAGE else None,
        }
        return render_template("doorbook/jobs.html", shell=shell(TITLE), page=page)

    def _next(self, key: int) -> str:
        kept = "".join(
            f"&{name}={value}" for name, value in request.args.items() if name in ("state", "upkeep", "mine")
        )
        return f"/job/list/?before={key}{kept}"

    def _line(self, row: Any) -> dict[str, Any]:
        state = JobState(row.state)
        return {
            "key": row.id,
            "url": f"/job/show/{row.id}",
            "poll_url": f"/job/{row.id}/state.json" if row.state in LIVING else None,
            "title": centre.title_of(row),
            "kind": centre.kind_words(row.kind),
            "owner": row.owner or _("System", "系统"),
            "state": {"text": state.words, "tone": state.tone},
            "percent": centre.percent(row),
            "progress": progress(row),
            "created": when(row.created_at),
            "took": took(row),
        }

    @expose("/show/<int:key>", methods=["GET"])
    @signed_in
    def show(self, key: int) -> Any:
        """One job: how far it is, what it said, what came of it."""
        own = database()
        row = centre.job(own, key)
        told, result = centre.shown(own, row, language()), json.loads(row.result or "{}")
        state, title = JobState(row.state), centre.title_of(row)
        facts: list[tuple[Words, Any]] = [
            (_("Number", "编号"), str(row.id)),
            (_("Kind", "类型"), centre.kind_words(row.kind)),
            (_("Asked for by", "发起人"), row.owner or _("System", "系统")),
            (_("Asked for", "发起时间"), when(row.created_at)),
            (_("Begun", "开始时间"), when(row.started_at)),
            (_("Ended", "结束时间"), when(row.ended_at)),
            (_("Took", "用时"), took(row)),
            (_("Attempts", "尝试次数"), f"{row.attempts} / {row.attempts_most}"),
        ]
        if row.state == JobState.WAITING and row.next_at > clock_of(own)():
            facts.append((_("Next attempt", "下次尝试"), when(row.next_at)))
        page = {
            "title": title,
            "crumbs": [PAGE],
            "state": {"text": state.words, "tone": state.tone},
            "living": row.state in LIVING,
            "poll_url": f"/job/{key}/state.json",
            "told": told,
            "progress": progress(row),
            "percent": told["percent"],
            "facts": [{"label": label, "cell": Cell("text", str(say(value)))} for label, value in facts],
            "lines": [
                {"at": when(line.at), "tone": line.tone or "grey", "words": kernel.told(line.words)}
                for line in kernel.lines_of(own, key)
            ],
            "file_url": f"/job/{key}/file" if told["file"] else None,
            "expired": "until" in result and not told["file"] and row.owner_id == actor().user_id,
            "until": when(datetime.fromisoformat(result["until"])) if "until" in result else "",
            "results": _results(result),
            "link": result.get("link"),
            "primary": self._primary(row, told),
            "actions": self._actions(row),
        }
        return render_template("doorbook/job.html", shell=shell(title), page=page)

    def _primary(self, row: Any, told: dict[str, Any]) -> dict[str, Any] | None:
        if told["file"]:
            return {"label": _("Download", "下载"), "url": f"/job/{row.id}/file", "icon": "download"}
        if row.state in (JobState.FAILED, JobState.CANCELLED):
            words = _("Try again", "重试")
            return {"label": words, "url": f"/job/{row.id}/retry", "icon": "refresh", "method": "post"}
        return None

    def _actions(self, row: Any) -> list[dict[str, Any]]:
        if row.state not in LIVING or row.cancel_at is not None:
            return []
        confirm = _(
            "Cancel “{name}”? What it wrote so far stays; it can be tried again.",
            "确定取消“{name}”？已写入的内容会保留，之后可以重试。",
        ).fill(name=centre.title_of(row))
        url = f"/job/{row.id}/cancel"
        return [{"label": _("Cancel job", "取消任务"), "url": url, "icon": "x", "method": "post", "confirm": confirm}]

    @expose("/<int:key>/state.json", methods=["GET"])
    @signed_in
    def state(self, key: int) -> Response:
        """How far a job is, for the progress bar."""
        row = centre.job(database(), key)
        told = centre.shown(database(), row, language())
        state = JobState(row.state)
        told |= {"tone": state.tone, "living": row.state in LIVING, "progress": say(progress(row)), "took": took(row)}
        return jsonify({name: value for name, value in told.items() if name != "result"})

    @expose("/running.json", methods=["GET"])
    @signed_in
    def running(self) -> Response:
        """One's own jobs that are under way, for the sign in the frame."""
        rows = centre.running(database())
        jobs = [
            {
                "id": row.id,
                "title": str(say(centre.title_of(row))),
                "url": f"/job/show/{row.id}",
                "percent": centre.percent(row),
                "words": str(say(progress(row) or JobState(row.state).words)),
            }
            for row in rows
        ]
        return jsonify({"running": len(jobs), "jobs": jobs})

    @expose("/<int:key>/file", methods=["GET"])
    @signed_in
    def file(self, key: int) -> Any:
        """The file of one's own job; the rights it was made with are asked for again."""
        path, name = centre.file_of(database(), key, Path(current_app.config["DOORBOOK_HOME"]))
        response = send_file(path, as_attachment=True, download_name=name)
        response.headers["Cache-Control"] = "no-store"
        return response

    @expose("/<int:key>/cancel", methods=["POST"])
    @signed_in
    def cancel(self, key: int) -> Any:
        """Asks for a job to be cancelled."""
        own = database()
        centre.job(own, key)
        done = kernel.cancel(own, key)
        own.commit()
        sentence = _("The job is being cancelled.", "正在取消任务。")
        flash(say(sentence if done else _("The job has ended already.", "任务已结束。")), "ok" if done else "warn")
        return redirect(f"/job/show/{key}")

    @expose("/<int:key>/retry", methods=["POST"])
    @signed_in
    def retry(self, key: int) -> Any:
        """Lets a job that failed or was cancelled go on from where it was."""
        own = database()
        centre.job(own, key)
        done = kernel.retry(own, key)
        own.commit()
        sentence = _("The job goes on from where it was.", "任务将从断点继续。")
        words = _(
            "The job is under way, has ended, or another one does the same.", "任务进行中、已结束或已有相同任务。"
        )
        flash(say(sentence if done else words), "ok" if done else "warn")
        return redirect(f"/job/show/{key}")


def _results(result: dict[str, Any]) -> list[str]:
    """Returns what came of a job: the sentence it left."""
    words = result.get("words")
    return [str(words.get(language(), ""))] if isinstance(words, dict) else []


class ScheduleView(BaseView):
    """What is worked by the clock: the entries, and a month of what ran, what failed and what is due."""

    route_base = "/schedule"
    default_view = "listed"

    @expose("/", methods=["GET"])
    @signed_in
    def listed(self) -> Any:
        """The entries and the calendar of a month (`month=YYYY-MM`)."""
        own = _overseen()
        now = today(clock_of(own))
        first = _month(request.args.get("month", ""), now)
        found = schedule.month(own, first)
        title = _("Schedule", "计划任务")
        before, after = (first - timedelta(days=1)).replace(day=1), (first + timedelta(days=32)).replace(day=1)
        page = {
            "title": title,
            "crumbs": [PAGE],
            "entries": [self._entry(row) for row in schedule.entries(own)],
            "month": _("{year}-{month}", "{year} 年 {month} 月").fill(year=first.year, month=f"{first.month:02}"),
            "before_url": f"/schedule/?month={before:%Y-%m}",
            "after_url": f"/schedule/?month={after:%Y-%m}",
            "now_url": None if first == now.replace(day=1) else "/schedule/",
            "weekdays": WEEKDAYS,
            "weeks": _weeks(first, now, found),
        }
        return render_template("doorbook/schedule.html", shell=shell(title), page=page)

    def _entry(self, row: Any) -> dict[str, Any]:
        return {
            "label": centre.kind_words(row.kind),
            "rule": schedule.RULES[row.kind].words(),
            "active": row.active,
            "next": when(row.next_at) if row.active else "—",
            "last": when(row.last_at) or "—",
            "last_url": f"/job/show/{row.last_job_id}" if row.last_job_id else None,
            "run": {
                "label": _("Run now", "立即执行"),
                "url": f"/schedule/{row.kind}/run",
                "icon": "player-play",
                "method": "post",
            },
            "switch": {
                "label": _("Switch off", "停用") if row.active else _("Switch on", "启用"),
                "url": f"/schedule/{row.kind}/switch?to={0 if row.active else 1}",
                "icon": "player-pause" if row.active else "power",
                "method": "post",
            },
        }

    @expose("/<string:kind>/run", methods=["POST"])
    @signed_in
    def run(self, kind: str) -> Any:
        """Asks for an entry's job out of its turn."""
        own = _overseen()
        _known(kind)
        key = schedule.run_now(own, kind)
        kernel.line(own, key, _("Asked for out of its turn.", "手动发起执行。"), by=actor())
        own.commit()
        return redirect(f"/job/show/{key}")

    @expose("/<string:kind>/switch", methods=["POST"])
    @signed_in
    def switch(self, kind: str) -> Any:
        """Switches an entry on (`to=1`) or off."""
        own = _overseen()
        _known(kind)
        active = request.args.get("to") == "1"
        schedule.switch(own, kind, active=active)
        own.commit()
        words = _("“{name}” is on.", "“{name}”已启用。") if active else _("“{name}” is off.", "“{name}”已停用。")
        flash(say(words.fill(name=centre.kind_words(kind))), "ok")
        return redirect("/schedule/")


def _overseen() -> Any:
    """Returns the session where the actor keeps the schedule.

    Raises:
        Denied: they do not.
    """
    own = database()
    if not centre.oversees(own, actor()):
        raise Denied()
    return own


def _known(kind: str) -> None:
    if kind not in schedule.RULES or kind not in WORKS:
        raise Missing(_("There is no such entry in the schedule.", "没有该计划任务。"))


def _month(given: str, now: date) -> date:
    try:
        return datetime.strptime(given, "%Y-%m").date() if given else now.replace(day=1)
    except ValueError:
        return now.replace(day=1)


def _weeks(first: date, now: date, found: dict[date, dict[str, schedule.Day]]) -> list[list[dict[str, Any]]]:
    """Returns the calendar: weeks from Monday, each day with what there is to tell."""
    start = first - timedelta(days=first.weekday())
    days = []
    for place in range(42):
        day = start + timedelta(days=place)
        items = (
            [_told(kind, held) for kind, held in sorted(found.get(day, {}).items())] if day.month == first.month else []
        )
        days.append(
            {"day": day.day, "iso": day.isoformat(), "in": day.month == first.month, "now": day == now, "items": items}
        )
    weeks = [days[at : at + 7] for at in range(0, 42, 7)]
    return [week for week in weeks if any(day["in"] for day in week)]


def _told(kind: str, held: schedule.Day) -> dict[str, Any]:
    parts: list[Words] = []
    if held.failed:
        parts.append(_("{n} failed", "失败 {n}").fill(n=held.failed))
    if held.finished:
        parts.append(_("{n} ran", "完成 {n}").fill(n=held.finished))
    if held.living:
        parts.append(_("under way", "进行中"))
    if held.due:
        parts.append(_("due", "待执行"))
    tone = "red" if held.failed else "green" if held.finished else "blue" if held.living else "grey"
    text = say(_(", ", "，")).join(str(say(part)) for part in parts)
    return {"label": centre.kind_words(kind), "text": text, "tone": tone, "url": f"/job/list/?kind={kind}"}
