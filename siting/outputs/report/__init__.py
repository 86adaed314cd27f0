"""Write a plan as a report that can be sent, read and printed."""

from siting.outputs.assumption import Assumption
from siting.outputs.report.judgement import component_name
from siting.outputs.report.page import report_html, write_report
from siting.outputs.words import headline_table

__all__ = ["Assumption", "component_name", "headline_table", "report_html", "write_report"]
