"""What a person does with the difficulty plot, what the screen then shows, and what the server has
heard of it.
"""

import json

from engine.method.difficulty import class_counts, classify

PLOT = """() => [...document.querySelectorAll('*')].map(e => \
e.shadowRoot?.difficultyPlot).find(Boolean)"""


def told(page):
    """What the server says its state is."""
    return json.loads(page.locator("[data-testid=stCode]").inner_text())


def wait_for_server(page, **expected):
    checks = " && ".join(f"s.{name} === {json.dumps(value)}" for name, value in expected.items())
    page.wait_for_function(
        "() => { const s = JSON.parse(document.querySelector('[data-testid=stCode]')?.innerText ??"
        " '{}'); return " + checks + "}"
    )
    return told(page)


def handle(page, which):
    name = {"low": "Lower threshold (tau low)", "high": "Upper threshold (tau high)"}[which]
    return page.get_by_role("slider", name=name, exact=True)


def wait_for_frame(page):
    """Until what was asked for before is drawn."""
    page.evaluate("() => new Promise(requestAnimationFrame)")


def tau(page, which):
    wait_for_frame(page)
    return float(handle(page, which).get_attribute("aria-valuenow"))


def counts_on_screen(page):
    wait_for_frame(page)
    names = ("inlier", "boundary", "outlier")
    return [
        int(page.locator(f'[data-class="{n}"] output').inner_text().replace(",", "")) for n in names
    ]


def counts_computed(n_correct, phi_r, tau_l, tau_h, n_p=3):
    return list(class_counts(classify(n_correct, n_p, phi_r, tau_l=tau_l, tau_h=tau_h)).values())


def hold_and_move(page, which, dy):
    """Press a handle and move it by `dy` pixels in many steps; the button stays down."""
    box = handle(page, which).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + dy, steps=25)


def drag_over(page, left, top, right, bottom):
    """Drag from corner to corner, in pixels of the drawing area."""
    box = page.locator(".dp-stage").bounding_box()
    page.mouse.move(box["x"] + left, box["y"] + top)
    page.mouse.down()
    page.mouse.move(box["x"] + right, box["y"] + bottom, steps=8)
    page.mouse.up()


def strip_span(page, strip):
    """Left and right edge of a strip, top and bottom of the plot, in pixels of the drawing area."""
    return page.evaluate(
        f"i => {{ const l = ({PLOT})().layout; return [l.stripX(i), l.stripX(i) + l.stripWidth,"
        " l.top, l.bottom]; }",
        strip,
    )
