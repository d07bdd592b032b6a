"""Networks that run in pages: what is exported is what was trained, and JavaScript computes what torch computes."""

import base64
import json
import re
import shutil
import subprocess
from html import unescape

import numpy as np
import pytest
import torch

from reprolib import paths
from reprolib.data import particles, sort_of_clevr
from reprolib.models.modular.receivers import over_frames
from reprolib.pages.live import exported_networks, still_pictures
from reprolib.pages.tables import links

SCRIPTS = paths.ROOT / "book" / "_extra" / "live"
MODELS = ("tensors.js", "relation_network.js", "nri_encoder.js", "modular_search.js", "springs.js", "shapes.js")
FIGURES = (
    "stage.js",
    "shapes_picture.js",
    "spring_graph.js",
    "assignment_strips.js",
    "figure_relations.js",
    "figure_beliefs.js",
    "figure_search.js",
)
WITHIN = 1e-5
INPUTS = 20


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """The folder of the exported networks."""
    folder = tmp_path_factory.mktemp("live") / "weights"
    exported_networks.write(folder)
    return folder


@pytest.fixture(scope="module", params=["node", "chromium"])
def run(request, weights):
    """run(code, given): what an expression of JavaScript gives, with the models, all networks and `given` at hand."""
    if shutil.which(request.param) is None:
        pytest.skip(f"there is no {request.param} on this machine")
    return lambda code, given=None: ENGINES[request.param](scripts(weights), code, given, weights)


def scripts(weights):
    return [*(SCRIPTS / name for name in MODELS), *sorted(weights.glob("*.js"))]


def in_node(files, code, given, folder):
    source = "".join(file.read_text() for file in files)
    asked = f"{source}\nconst given = {json.dumps(given)};\nconsole.log(JSON.stringify({code}));"
    (folder.parent / "asked.js").write_text(asked)
    command = ["node", str(folder.parent / "asked.js")]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout)


def in_chromium(files, code, given, folder):
    answer = f"JSON.stringify(((given) => {code})({json.dumps(given)}))"
    body = f'<pre id="out"></pre><script>document.getElementById("out").textContent = {answer};</script>'
    return json.loads(written(dumped(page(files, body), folder)))


ENGINES = {"node": in_node, "chromium": in_chromium}


def page(files, body, before=""):
    """A page that loads files and writes whatever goes wrong."""
    watch = "".join(
        f'addEventListener("{kind}", (event) => document.body.append(`WRONG ${{event.{what}}}`), true);'
        for kind, what in (("error", "message"), ("unhandledrejection", "reason"))
    )
    loads = "".join(f'<script src="{file.as_uri()}"></script>' for file in files)
    return f'<!doctype html><meta charset="utf-8"><body><script>{watch}</script>{before}{loads}{body}</body>'


def dumped(html, folder, *flags):
    """The page after its scripts have run, opened from a folder."""
    file = folder.parent / "page.html"
    file.write_text(html)
    quiet = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
    own = f"--user-data-dir={folder.parent / 'profile'}"
    command = ["chromium", *quiet, *flags, own, "--virtual-time-budget=60000", "--dump-dom", file.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    assert "WRONG" not in re.sub(r"<script>.*?</script>", "", done, flags=re.DOTALL), done[-2000:]
    return done


def written(html):
    return unescape(re.search(r'<pre id="out">(.*?)</pre>', html, re.DOTALL)[1])


def network(name):
    """A network with few of its data."""
    return exported_networks.SHOWN[name].network()[0]


def motions(name):
    """Test scenes of a network on springs, and its model in double precision."""
    found = network(name)
    scenes = found.data.splits["test"].columns["trajectories"][:INPUTS, : exported_networks.FRAMES].double()
    return found.model.double(), scenes


def close(found, true):
    np.testing.assert_allclose(np.array(found), np.asarray(true), rtol=0, atol=WITHIN)


@pytest.mark.parametrize("name", exported_networks.SHOWN)
def test_what_is_exported_is_what_was_trained(name, weights):
    content = json.loads(
        (weights / f"{name}.js").read_text().removeprefix(f'live.take("{name}", ').removesuffix(");\n")
    )
    model = network(name).model
    part = {"relations": "relation_network", "beliefs": "encoder", "search": "network"}[name]
    for key, tensor in getattr(model, part).state_dict().items():
        if tensor.is_floating_point():
            kept = content["tensors"][key]
            values = np.frombuffer(base64.b64decode(kept["data"]), np.dtype(kept["dtype"]).newbyteorder("<"))
            np.testing.assert_array_equal(values.reshape(kept["shape"]), tensor.numpy(), strict=False)
    assert (paths.results() / content["record"].removeprefix(f"{links.RESULTS}/")).is_file()


def test_all_networks_together_are_a_small_download(weights):
    assert sum(file.stat().st_size for file in weights.glob("*.js")) < 800_000


def test_every_figure_of_the_book_has_its_network_scripts_and_picture(tmp_path):
    pages = [page.read_text() for page in (paths.ROOT / "book").rglob("*.md")]
    asked = {name for text in pages for name in re.findall(r"^:::\{live\} (\w+)$", text, re.MULTILINE)}
    built = {name for file in SCRIPTS.glob("*.js") for name in re.findall(r'live\.figure\("(\w+)"', file.read_text())}
    drawn = still_pictures.write(tmp_path)
    assert asked == built == set(exported_networks.SHOWN) == {file.stem for file in drawn}
    assert all(file.read_text().rstrip().endswith("</svg>") for file in drawn)
    loaded = re.findall(r'^    "(\w+)",$', (paths.ROOT / "book/_extensions/live_models.py").read_text(), re.MULTILINE)
    assert [f"{name}.js" for name in loaded] == [*MODELS, *FIGURES]


USED = """
const figure = (name) => document.querySelector(`[data-live="${name}"]`);
const button = (name, text) => [...figure(name).querySelectorAll("button")].find((one) => one.textContent === text);
const said = (name) => figure(name).querySelector(".said").textContent;
const key = (node, key) => node.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
const found = {};
const once = (ready, act) => (ready() ? act() : setTimeout(() => once(ready, act), 50));
const buttons = () => button("beliefs", "Let the network look") && button("search", "Start");
const shown = () => figure("relations").querySelector(".thing") && buttons();
once(shown, () => {
  const thing = figure("relations").querySelector(".thing");
  found.before = thing.getAttribute("aria-label");
  const presses = ["ArrowLeft", "ArrowUp", "ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown", "Enter"];
  presses.forEach((press) => key(thing, press));
  found.after = thing.getAttribute("aria-label");
  thing.setPointerCapture = () => {}; // there is no such pointer
  const point = (kind, x, y) => thing.dispatchEvent(new PointerEvent(kind, { clientX: x, clientY: y, pointerId: 1 }));
  for (const [kind, x] of [["down", 100], ["move", 70], ["up", 70], ["move", 200]]) point(`pointer${kind}`, x, 100);
  found.dragged = thing.getAttribute("aria-label");
  found.relations = said("relations");
  found.cells = figure("relations").querySelectorAll(".map rect").length;
  found.guess = said("beliefs");
  const edge = figure("beliefs").querySelector("[role=checkbox]");
  key(edge, " ");
  found.checked = edge.getAttribute("aria-checked");
  button("beliefs", "Let the network look").click();
  button("search", "Start").click();
  button("search", "Pause").click();
});
once(() => shown() && said("beliefs").startsWith("You:"), () => {
  found.beliefs = said("beliefs");
  found.paused = figure("search").querySelector("input").value;
  const slider = figure("search").querySelector("input");
  slider.value = slider.max;
  slider.dispatchEvent(new Event("input"));
  found.search = said("search");
  document.getElementById("out").textContent = JSON.stringify(found);
});
"""


@pytest.mark.parametrize(("flags", "started"), [((), "0"), (("--force-prefers-reduced-motion",), "80")])
def test_figures_answer_to_keys_and_buttons(flags, started, weights):
    """Where less motion is asked for, Start leads to the end at once."""
    if shutil.which("chromium") is None:
        pytest.skip("there is no chromium on this machine")
    for name in (*MODELS, *FIGURES):
        shutil.copy(SCRIPTS / name, weights.parent)
    places = "".join(f'<div class="live" data-live="{name}"></div>' for name in exported_networks.SHOWN)
    files = [weights.parent / name for name in (*MODELS, *FIGURES)]
    body = f'<pre id="out"></pre><script>{USED}</script>'
    found = json.loads(written(dumped(page(files, body, places), weights, *flags)))
    shape, place = re.fullmatch(r"red (square|circle) at (\d+, \d+)", found["before"]).groups()
    other = {"square": "circle", "circle": "square"}[shape]
    assert found["after"].startswith(f"red {other} at ")
    assert not found["after"].endswith(place)
    x, y = (int(number) for number in re.findall(r"\d+", found["after"]))
    left, same = (int(number) for number in re.findall(r"\d+", found["dragged"]))
    assert left < x, "dragged to the left, and let go there"
    assert same == y
    assert re.match(r"The network answers (square|circle) \(\d+\.\d %\)", found["relations"])
    assert found["cells"] == 36
    assert found["guess"].startswith("Watch")
    assert found["checked"] == "true"
    assert re.match(r"You: \d+ of 10 pairs\. The network: \d+\.", found["beliefs"])
    assert found["paused"] == started
    assert re.match(r"\d+ of 20 directed edges are right\. 80 scores, 49 frames", found["search"])


@torch.no_grad()
def test_answers_and_lengths_of_relations_are_those_of_torch(run):
    model = network("relations").model.relation_network.double()
    scenes = sort_of_clevr.generate(INPUTS, seed=5)
    objects = torch.from_numpy(sort_of_clevr.state(scenes)).double()
    questions = torch.from_numpy(scenes.questions[:, ::7][:, 1]).double()
    given = [list(pair) for pair in zip(objects.tolist(), questions.tolist(), strict=True)]
    found = run("given.map(([o, q]) => { const { logits, lengths } = live.relate(live.arrived.relations, o, q);"
                " return [[...logits], lengths]; })", given)  # fmt: skip
    close([logits for logits, _ in found], model(objects, questions))
    close([lengths for _, lengths in found], model.each_relation(objects, questions).norm(dim=-1))


def test_scenes_and_their_right_answers_are_those_of_the_library(run):
    scenes = sort_of_clevr.generate(INPUTS, seed=6)
    things = [
        [{"x": x, "y": y, "shape": int(circle)} for (x, y), circle in zip(centres, circles, strict=True)]
        for centres, circles in zip(scenes.centres.tolist(), scenes.circles.tolist(), strict=True)
    ]
    code = (
        "(() => { const rules = live.shapes(live.arrived.relations), each = [0, 1, 2, 3, 4, 5];"
        " return given.map((things) => ({ features: things.map(rules.features),"
        " asked: each.flatMap((which) => each.map((colour) =>"
        " [rules.bits(which, colour), rules.truth(things, which, colour)])),"
        " kept: rules.moved(things, 0, things[1]), drawn: rules.draw(live.random(things[0].x)) })); })()"
    )
    found = run(code, things)
    close([one["features"] for one in found], sort_of_clevr.state(scenes))
    questions, words = zip(*[zip(*one["asked"], strict=True) for one in found], strict=True)
    answers = sort_of_clevr.answer_questions(scenes.centres, scenes.circles, np.array(questions))
    assert [list(some) for some in words] == [[scenes.names[one] for one in some] for some in answers]
    centres = np.array([[(one["x"], one["y"]) for one in each["drawn"]] for each in found])
    assert sort_of_clevr._is_apart(centres).all()
    assert (centres != sort_of_clevr.MIDDLE).all()
    assert all(one["kept"] != some[1] for one, some in zip(found, things, strict=True)), "no object on another"


@torch.no_grad()
def test_beliefs_are_those_of_torch(run):
    model, scenes = motions("beliefs")
    found = run("given.map((motion) => live.believe(live.arrived.beliefs, motion))", scenes.tolist())
    close(found, model.encoder(scenes).softmax(-1).flatten(1, 2))


@torch.no_grad()
def test_scores_of_all_assignments_are_those_of_torch(run):
    model, scenes = motions("search")
    scenes = scenes[: INPUTS // scenes.shape[2]]  # as many receivers
    code = (
        "given.map((motion) => motion[0].map((_, receiver) => { const network = live.arrived.search;"
        " const heard = live.heardBy(network, motion, receiver);"
        " const all = live.assignments(motion[0].length - 1, network.modules);"
        " return all.map((one) => live.scoreOf(network, heard, one)); }))"
    )
    floor = model.config.least_error
    close(run(code, scenes.tolist()), over_frames(model.network, scenes, lambda errors: (errors + floor).log()))


def test_springs_move_as_those_of_the_library(run):
    rng = np.random.default_rng(0)
    positions, velocities, couplings = particles.draw("springs", INPUTS, 5, rng)
    positions[0, 0] = (4.99, -4.99)  # beside two walls
    true = particles.simulate("springs", positions, velocities, couplings, steps=5000)
    starts = np.concatenate([positions, velocities], -1).tolist()
    given = [{"states": s, "springs": c} for s, c in zip(starts, couplings.tolist(), strict=True)]
    found = run("given.map((start) => live.simulate(live.arrived.search.world, start, 49))", given)
    close(found, np.concatenate(true, -1))


def test_drawn_springs_are_those_of_the_paper(run):
    code = (
        "(() => { const world = live.arrived.search.world, random = live.random(1);"
        " return Array.from({ length: 400 }, () => live.drawSprings(world, random)); })()"
    )
    drawn = run(code)
    states, springs = (np.array([one[part] for one in drawn]) for part in ("states", "springs"))
    np.testing.assert_allclose(states[..., :2].std(), particles.SPREAD["springs"], rtol=0.05)
    np.testing.assert_allclose(np.linalg.norm(states[..., 2:], axis=-1), particles.SPEED)
    np.testing.assert_array_equal(springs, springs.transpose(0, 2, 1))
    assert springs[:, ~np.eye(5, dtype=bool)].mean() == pytest.approx(0.5, abs=0.03)


def test_half_precision_is_read_exactly(run):
    values = np.array([0, 1, -1.5, 65504, 6.1e-5, 5.96e-8, -3.3e-6, 0.1], np.float16)
    tensor = exported_networks._encoded(torch.from_numpy(values))
    assert tensor["dtype"] == "float16"
    assert run("[...live.decoded({ x: given }).x.values]", tensor) == values.astype(float).tolist()
