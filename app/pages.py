"""The pages of our own, beyond what declarations give: which there are, and which table has a view class of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from views.kernel.comments import CommentsView
from views.kernel.counts import CountsView
from views.kernel.exchange.saved_pages import SavedExportsView
from views.kernel.files.pages import FilesView
from views.kernel.option_fields import OptionView
from views.kernel.printing import PrintPreview
from views.kernel.report_boards import ReportBoards
from views.kernel.report_saving import ReportFiles
from views.kernel.reporting import ReportPages
from views.kernel.versions import VersionsView
from views.pages.customer.person import PersonView
from views.pages.customer.project_book_pages import ProjectBookView
from views.pages.flow.approvals import ApprovalView
from views.pages.flow.settings import FlowSettingsView
from views.pages.handover.board import BoardView
from views.pages.handover.counter import CounterView
from views.pages.handover.paper import PaperView
from views.pages.handover.planning import PlanView
from views.pages.handover.scoping import ScopeView
from views.pages.inspection.entry import InspectView
from views.pages.inspection.lists import IssueListsView
from views.pages.inspection.rooms import InspectionRoomsView
from views.pages.inspection.summary import InspectionFiguresView
from views.pages.keynode.checklist import KeyNodesView
from views.pages.keynode.readiness import ReadinessView
from views.pages.org.home import Home
from views.pages.org.move import MoveView
from views.pages.org.place import PlaceView
from views.pages.org.tree import TreeView
from views.pages.org.workbench import WorkbenchView
from views.pages.parameter.announcements import AnnouncementsView
from views.pages.parameter.effective import ParametersView
from views.pages.parameter.responsible import ResponsibleView
from views.pages.parameter.sheets import SheetsView
from views.pages.property import room
from views.pages.property.book import BookView
from views.pages.property.generate import GenerateView
from views.pages.property.ledger import LedgerView
from views.pages.property.roomgrid import RoomGridView
from views.pages.system.account import AccountView
from views.pages.system.api_tokens import ApiTokensView
from views.pages.system.grant_preview import GrantPreview
from views.pages.system.job import JobView, ScheduleView
from views.pages.system.job_api import JobApi
from views.pages.system.mailbox import MailboxPages
from views.pages.system.monthly_report import MonthlyView
from views.pages.system.notice_log import ResendView, TemplatePreview
from views.pages.system.operation_log import OperationLogView
from views.pages.system.options import OptionListsView
from views.pages.system.rest import RestPages
from views.pages.system.rights import RightsView
from views.pages.system.roles import RolesView
from views.pages.system.signed_in import SessionsView
from views.pages.system.two_step import TwoStepView
from views.pages.system.why import WhyView

PAGES: list[type[Any]] = [
    PlaceView,
    TreeView,
    MoveView,
    GenerateView,
    AccountView,
    SessionsView,
    ApiTokensView,
    TwoStepView,
    OperationLogView,
    CountsView,
    MailboxPages,
    ResendView,
    TemplatePreview,
    PrintPreview,
    LedgerView,
    ProjectBookView,
    SavedExportsView,
    FilesView,
    CommentsView,
    VersionsView,
    RoomGridView,
    BookView,
    ReportPages,
    ReportFiles,
    MonthlyView,
    ReportBoards,
    JobView,
    ScheduleView,
    OptionView,
    OptionListsView,
    RestPages,
    FlowSettingsView,
    ApprovalView,
    PersonView,
    KeyNodesView,
    InspectionRoomsView,
    InspectView,
    IssueListsView,
    InspectionFiguresView,
    ParametersView,
    ResponsibleView,
    AnnouncementsView,
    SheetsView,
    ReadinessView,
    WorkbenchView,
    BoardView,
    PlanView,
    ScopeView,
    CounterView,
    PaperView,
    RightsView,
    RolesView,
    GrantPreview,
    WhyView,
]
"""View classes that are registered as they are."""

APIS: list[type[Any]] = [JobApi]
"""REST of what is no table."""

VIEWS: dict[str, Callable[[Any], type[Any]]] = {}
"""Table name -> what makes its view class, where `view_of` is not enough."""

__all__ = ["APIS", "PAGES", "VIEWS", "Home", "room"]
