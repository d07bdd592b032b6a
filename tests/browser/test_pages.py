"""Every page as a reader opens it: on a desktop, light and dark, and on a phone."""

import pytest
import yaml

from reprolib.paths import ROOT

VIEWS = {
    "light": {"viewport": {"width": 1280, "height": 900}},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True},
}
PICTURES = ROOT / "_build" / "screenshots"
SAID_BY_THE_THEME = "[PST]: ", "[togglebutton]: Adding toggle buttons"
GUIDELINES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]

BROKEN_IMAGES = "[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
CLIPPED_CODE = """[...document.querySelectorAll('.bd-article pre')].filter(code =>
  code.scrollWidth > code.clientWidth + 1 && !['auto', 'scroll'].includes(getComputedStyle(code).overflowX)
).map(code => code.textContent.slice(0, 60))"""
BARE_MATHEMATICS = """[...document.querySelectorAll('.bd-article .math')].filter(formula =>
  !formula.querySelector('mjx-container') || formula.querySelector('[data-mjx-error], mjx-merror')
).map(formula => formula.textContent.slice(0, 60))"""
TYPESET = "() => !window.MathJax || !MathJax.startup || MathJax.startup.promise.then(() => true)"
AXE = """tags => axe.run({runOnly: tags, preload: false}).then(found => found.violations.flatMap(rule =>
  rule.nodes.map(node => `${rule.id}: ${node.target.join(' ')}: ${[...node.any, ...node.all, ...node.none][0].message}`)
))"""


def contents():
    toc = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text())
    return [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]


def watched(page, address):
    """What a page says on its console and what it asks for in vain or elsewhere, as it comes."""
    found = []
    page.on("console", lambda said: said.text.startswith(SAID_BY_THE_THEME) or found.append(f"says {said.text}"))
    page.on("pageerror", lambda error: found.append(f"raises {error}"))
    page.on("requestfailed", lambda request: found.append(f"fails to load {request.url}"))
    page.on("response", lambda answer: answer.status < 400 or found.append(f"{answer.status} for {answer.url}"))
    page.on(
        "request",
        lambda asked: asked.url.startswith((address, "data:", "blob:")) or found.append(f"asks for {asked.url}"),
    )
    return found


def seen(page):
    """What does not show as it should."""
    page.wait_for_function(TYPESET)
    found = [f"no picture: {each}" for each in page.evaluate(BROKEN_IMAGES)]
    found += [f"clipped code: {each}" for each in page.evaluate(CLIPPED_CODE)]
    found += [f"bare mathematics: {each}" for each in page.evaluate(BARE_MATHEMATICS)]
    beyond = page.evaluate(OVERFLOW)
    return found + ([f"wider than the window by {beyond}"] if beyond > 0 else [])


def unreadable(page, axe):
    page.evaluate(axe)
    return page.evaluate(AXE, GUIDELINES)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", contents())
def test_a_page_shows_everything_to_everybody(name, view, address, browser, axe):
    with browser.new_context(**VIEWS[view]) as context:
        page = context.new_page()
        found = watched(page, address)
        page.goto(f"{address}{name}.html", wait_until="networkidle")
        found += seen(page)
        page.screenshot(path=PICTURES / view / f"{name}.png", full_page=True)
        assert found == []
        assert unreadable(page, axe) == []


DEFECTS = {
    "<script>console.log('here')</script>": "says here",
    "<script>undefined.x</script>": "raises",
    "<img src='nowhere.png' alt=''>": "404 for",
    "<script src='http://127.0.0.1:1/x.js'></script>": "asks for http://127.0.0.1:1/x.js",
    "<img src='data:image/png;base64,AAAA' alt=''>": "no picture",
    "<div class='bd-article'><pre style='width: 4em; overflow: hidden'>a long line of code</pre></div>": "clipped code",
    "<div class='bd-article'><span class='math'>\\(x\\)</span></div>": "bare mathematics",
    "<div style='width: 2000px'>wide</div>": "wider than the window",
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_seen(defect, address, browser):
    with browser.new_context(**VIEWS["light"]) as context:
        page = context.new_page()
        found = watched(page, address)
        page.route(f"{address}defect.html", lambda route: route.fulfill(body=defect, content_type="text/html"))
        page.route(f"{address}favicon.ico", lambda route: route.fulfill(status=204))
        page.goto(f"{address}defect.html", wait_until="networkidle")
        assert any(DEFECTS[defect] in each for each in found + seen(page))


def test_pale_words_are_seen(address, browser, axe):
    with browser.new_context(**VIEWS["light"]) as context:
        page = context.new_page()
        page.set_content("<html lang='en'><title>t</title><main><h1 style='color: #ddd'>pale</h1></main></html>")
        assert any("contrast" in each for each in unreadable(page, axe))


def test_a_movie_stands_still_until_it_is_played_and_again_when_it_is_paused_or_stopped(address, browser):
    with browser.new_context(**VIEWS["light"]) as context:
        page = context.new_page()
        page.goto(f"{address}notebooks/nri_edges.html", wait_until="networkidle")
        movie = page.locator("figure.movie").first
        film = movie.locator(".film")

        def place():
            return film.evaluate("film => getComputedStyle(film).backgroundPosition")

        first = place()
        page.wait_for_timeout(500)
        assert place() == first, "nothing moves by itself"
        movie.get_by_label("Play").check()
        page.wait_for_function(
            "([film, first]) => getComputedStyle(film).backgroundPosition !== first", arg=[film.element_handle(), first]
        )
        movie.get_by_label("Pause").check()
        paused = place()
        page.wait_for_timeout(500)
        assert place() == paused != first
        movie.get_by_label("Stop").check()
        assert place() == first
