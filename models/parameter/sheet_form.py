"""A parameter sheet on paper (业务参数申请表), as S02 has it signed: administrator, service manager, group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from models.kernel.printing.form import PRINTED, PrintForm, PrintTable
from models.kernel.printing.sheet import Sheet, sheet
from models.kernel.words import _
from models.parameter.parameter_sheet import ParameterSheet

PARAMETER_PAPER = PrintForm(
    "parameter_sheet",
    _("Parameter sheet", "业务参数申请表"),
    _("Parameters of {place}", "{place}业务参数申请表"),
    _(
        "Number: {number}\nSubject: {title}\nTakes effect on: {from_day}\nReason: {reason}\n\n{lines}",
        "单号：{number}\n主题：{title}\n生效日期：{from_day}\n申请说明：{reason}\n\n{lines}",
    ),
    fields={
        "number": _("Number", "单号"),
        "title": _("Title", "主题"),
        "place": _("Place", "单位"),
        "from_day": _("Takes effect on", "生效日期"),
        "reason": _("Reason", "申请说明"),
    },
    parts={"lines": _("Lines", "参数明细")},
    foot=PRINTED,
    signatures=_("Regional administrator|Service manager|Group", "地区CRM管理员|客户服务部经理|集团客户关系部"),
)


def parameter_paper(session: Session, row: ParameterSheet, lines: Sequence[Sequence[Any]], language: str) -> Sheet:
    """Returns a sheet for paper.

    Args:
        lines: kind of parameter, code, name and values in words, one list a line.
    """
    columns = [_("Parameter", "参数类别"), _("Code", "编码"), _("Name", "名称"), _("Values", "内容")]
    values = {
        "number": row.number,
        "title": row.title,
        "place": row.node.name if row.node is not None else None,
        "from_day": row.from_day,
        "reason": row.reason,
        "lines": PrintTable(columns, lines),
    }
    return sheet(
        session, PARAMETER_PAPER, values, path=row.node.path if row.node is not None else "", language=language
    )
