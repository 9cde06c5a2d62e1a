"""The register of systems as the pages show it."""

from __future__ import annotations

from dataclasses import replace

from isms_workflow.portal import views as v
from isms_workflow.portal.listing import EMPTY
from tests.portal.cast import ARON, LUCIA, MIRIAM, SOFIA, at, columns, entry

LEVELS = (v.Choice("", "choose"), *(v.Choice(each, each) for each in ("low", "medium", "high")))
FIELDS = (
    v.Field("name", "Name", required=True, hint="As people call it; unique among those in use."),
    v.Field("owner", "Owner", "select", required=True, choices=(v.Choice("", "choose"), v.Choice("3", "Aron Novak"))),
    *(v.Field(each, f"Need of {each}", "select", required=True, choices=LEVELS)
      for each in ("confidentiality", "integrity", "availability")),
    v.Field("data", "Data that it holds", "checkboxes", required=True, choices=(
        v.Choice("personal", "personal", "about people who can be identified"), v.Choice("payment", "payment"))),
    v.Field("description", "Description", "textarea"),
)
ADD = v.Action("add", "Add a system", "/systems", FIELDS, then="Its owner is told.")
CSV = v.Action("csv", "Add many from a CSV file", "/systems/csv", (v.Field("file", "CSV file", "file", accept=".csv"),),
               why_not="It takes the responsibility ISMS manager.")
LINES = (
    v.SystemLine(v.Link("ERP", "/systems/1"), ARON, "high", "high", "high", "internal, personal, payment",
                 "Orders, invoices and payroll; hosted by its maker."),
    v.SystemLine(v.Link("Public website with a name that is as long as a name of a system may be, which is 120 characters: one "
                        "line more", "/systems/2"), LUCIA, "low", "medium", "medium", "none"),
    v.SystemLine(v.Link("Fax", "/systems/3"), SOFIA, "low", "low", "low", "internal", state="retired"),
)
REGISTER = v.Register(
    v.Listing("systems", columns("Name", "Owner", "Confidentiality", "Integrity", "Availability", "Data"), LINES, EMPTY,
              "/systems", (v.Field("q", "Contains"), v.Field("show", "State", "select", choices=(
                  v.Choice("", "in use"), v.Choice("retired", "retired")))),
              (v.Link("Download as CSV", "/systems.csv"),), older="?after=3", says="53 systems", further="Next"),
    (ADD, CSV))
NO_SYSTEMS = v.Register(replace(REGISTER.systems, rows=(), filter_url=""), (ADD,))
REFUSED = replace(ADD, typed={"name": "ERP", "data": ("personal",)}, errors={"name": "name: 'ERP' can't be; it is taken."})
REGISTER_REFUSED = v.Register(REGISTER.systems, (REFUSED, CSV), v.problems(REFUSED))
ENTRY = v.SystemEntry(
    "ERP", "in use", "Orders, invoices and payroll.\n\nHosted by its maker in Frankfurt.", ARON,
    (v.Fact("Confidentiality", "high"), v.Fact("Integrity", "high"), v.Fact("Availability", "high"),
     v.Fact("Data", "personal (about people who can be identified)"), v.Fact("In the register since", "Mon 9 Mar 2026")),
    (entry(812, at(-1), MIRIAM, "changed availability from medium to high; owner from Sofia Marchetti to Aron Novak"),
     entry(77, at(-112), MIRIAM, "put it in the register, for Sofia Marchetti", reason="ERP")),
    (v.Action("change", "Change what the register says", "/systems/1/change", FIELDS, version="2"),
     v.Action("retire", "Retire the system", "/systems/1/retire", version="2", danger=True, reason_required=True,
              then="It can be chosen no more. Can't be undone.")))
RETIRED_ENTRY = replace(ENTRY, state="retired", description="", actions=(), history=())
