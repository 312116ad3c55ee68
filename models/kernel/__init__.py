"""The vocabulary that business tables are declared in.

A table file needs one import: `from models.kernel import Table, Screen, section, text, ...`.
"""

from models.kernel.approval import Approval, Level
from models.kernel.columns import (
    choice,
    day,
    decimal,
    flag,
    integer,
    kept,
    masked,
    moment,
    money,
    numbered,
    option,
    prose,
    ref,
    text,
)
from models.kernel.flow import Flow, Transition
from models.kernel.option_list import first, option_list
from models.kernel.options import Options
from models.kernel.owned import Owned, by_node, by_person, by_project, link, through, tree
from models.kernel.refusal import Denied, Missing, Refusal, Stale
from models.kernel.roles import ADMINS, ALL, CLERKS, INSIDE, LEADERS, Rights
from models.kernel.screen import Area, Screen, section
from models.kernel.secret import MaskedValue
from models.kernel.table import Table
from models.kernel.words import Words, _

__all__ = [
    "ADMINS",
    "ALL",
    "CLERKS",
    "INSIDE",
    "LEADERS",
    "Approval",
    "Area",
    "Denied",
    "Flow",
    "Level",
    "MaskedValue",
    "Missing",
    "Options",
    "Owned",
    "Refusal",
    "Rights",
    "Screen",
    "Stale",
    "Table",
    "Transition",
    "Words",
    "_",
    "by_node",
    "by_person",
    "by_project",
    "choice",
    "day",
    "decimal",
    "first",
    "flag",
    "integer",
    "kept",
    "link",
    "masked",
    "moment",
    "money",
    "numbered",
    "option",
    "option_list",
    "prose",
    "ref",
    "section",
    "text",
    "through",
    "tree",
]
