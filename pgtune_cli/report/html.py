"""The report as one HTML file: no network, no script of others, every text escaped by the template engine."""

from collections.abc import Iterator
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined

from pgtune_cli.model.plan import Plan, PlanNode
from pgtune_cli.model.report import Report
from pgtune_cli.model.rewrite import RewriteStatus
from pgtune_cli.report import format as form
from pgtune_cli.report import rewrites
from pgtune_cli.report.accepted import near_miss_line, suppressed_line
from pgtune_cli.report.headline import headline
from pgtune_cli.report.plan_text import node_conditions, node_numbers, node_title


def to_html(report: Report) -> str:
    """A whole page. Texts of the database are data: escaped, and stripped of control and direction characters."""
    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(_template),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_clean,
    )
    environment.filters.update(
        duration=form.duration,
        size=form.size,
        count=form.count,
        percent=form.percent,
        cost=form.cost,
        sql=form.plain_sql,
    )
    environment.globals["node_title"] = node_title
    environment.globals["node_numbers"] = node_numbers
    environment.globals["node_conditions"] = node_conditions
    environment.globals["headline"] = headline
    environment.globals["rewrites"] = rewrites
    environment.globals["number_of"] = form.number_of
    environment.globals["suppressed_line"] = suppressed_line
    environment.globals["near_miss_line"] = near_miss_line
    environment.globals["node_share"] = node_share
    environment.globals["worst_node"] = worst_node
    environment.globals["plan_nodes"] = plan_nodes
    return environment.get_template("report.html").render(
        report=report,
        texts={statement.fingerprint: headline(statement.query, 110) for statement in report.statements},
        offered=[rewrite for rewrite in report.rewrites if rewrite.status is not RewriteStatus.REFUSED],
        refused=[rewrite for rewrite in report.rewrites if rewrite.status is RewriteStatus.REFUSED],
    )


def _template(name: str) -> str:
    return files("pgtune_cli.report").joinpath("templates", name).read_text(encoding="utf-8")


def _clean(value: object) -> object:
    return form.plain(value) if type(value) is str else value


def node_share(node: PlanNode, plan: Plan) -> float:
    """What `node` itself (without its children) has of the plan's cost, 0 to 1."""
    own = node.total_cost - sum(child.total_cost for child in node.children)
    return min(max(own / plan.root.total_cost, 0.0), 1.0) if plan.root.total_cost else 0.0


def worst_node(plan: Plan) -> PlanNode:
    """The node with the largest share."""
    return max((node for _, node in plan_nodes(plan)), key=lambda node: node_share(node, plan))


def plan_nodes(plan: Plan) -> Iterator[tuple[int, PlanNode]]:
    """(depth, node), parents before children."""
    waiting = [(0, plan.root)]
    while waiting:
        depth, node = waiting.pop()
        yield depth, node
        waiting.extend((depth + 1, child) for child in reversed(node.children))
