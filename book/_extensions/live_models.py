"""`{live} NAME`: a figure in which a trained network runs. Scripts are loaded only by pages that hold one.

The scripts lie in book/_extra/live, where each names a figure by `live.figure(NAME, ...)`. `reprolib live` writes the
networks, and the pictures that stand in for the figures where scripts are off.
"""

from html import escape

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

SCRIPTS = (  # in the order in which they build on one another
    "tensors",
    "relation_network",
    "nri_encoder",
    "modular_search",
    "springs",
    "shapes",
    "stage",
    "shapes_picture",
    "spring_graph",
    "assignment_strips",
    "figure_relations",
    "figure_beliefs",
    "figure_search",
)


class Live(SphinxDirective):
    """A place for a figure. The option `alt` says what the picture shows that stands in for it."""

    required_arguments = 1
    option_spec = {"alt": directives.unchanged_required}  # noqa: RUF012  as in every directive

    def run(self) -> list[nodes.Node]:
        if "alt" not in self.options:
            raise self.error("a live figure needs the option alt: say what its picture shows")
        name, up = self.arguments[0], "../" * self.env.docname.count("/")
        image = f'<img src="{up}live/pictures/{name}.svg" alt="{escape(self.options["alt"])}">'
        self.env.metadata[self.env.docname]["live"] = True
        instead = (
            f"<noscript><p>Scripts are off in this browser. This is one example of the figure.</p>{image}</noscript>"
        )
        place = f'<div class="live" data-live="{name}">{instead}</div>'
        return [nodes.raw("", place, format="html")]


def _add_scripts(app, page: str, template: str, context: dict, doctree) -> None:
    if app.env.metadata.get(page, {}).get("live"):
        for script in SCRIPTS:
            app.add_js_file(f"../live/{script}.js", loading_method="defer")


def setup(app) -> dict[str, bool]:
    """Add the directive, and the scripts page by page."""
    app.add_directive("live", Live)
    app.connect("html-page-context", _add_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
