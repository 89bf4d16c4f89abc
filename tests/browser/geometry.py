"""What of a view can't be reached where there is little room."""

from __future__ import annotations

from playwright.sync_api import Locator

OUT_OF_REACH = """async view => {
    await Promise.all(view.getAnimations().map(one => one.finished)); // it comes in
    const name = one => (
        one.getAttribute('aria-label') || one.title || one.innerText?.trim()
        || one.placeholder || one.outerHTML.slice(0, 200)
    );
    const wrong = [];
    const whole = document.scrollingElement;
    if (whole.scrollWidth > whole.clientWidth) {
        wrong.push('the page is scrolled sideways');
    }
    if (view.scrollWidth > view.clientWidth + 1 && getComputedStyle(view).overflowX !== 'visible') {
        wrong.push('the view is scrolled sideways');
    }
    const all = 'button, jp-button, a[href], input, select, textarea, [role=tab], [role=option]';
    for (const one of view.querySelectorAll(all)) {
        if (!one.checkVisibility({visibilityProperty: true, opacityProperty: true})) {
            continue;
        }
        one.scrollIntoView({block: 'nearest', inline: 'nearest', behavior: 'instant'});
        const box = one.getBoundingClientRect();
        if (!box.width || !box.height) {
            continue; // a file's input, which a button stands for
        }
        const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
        const hit = document.elementFromPoint(x, y);
        const there = one.contains(hit) || hit?.contains(one) && hit.matches('label');
        if (hit?.closest('.jp-Jobsub-choice-list') && !there) {
            continue; // a list that is open lies over others
        }
        if (!there) {
            wrong.push(`${name(one)} is behind ${hit?.outerHTML.slice(0, 120)}`);
        } else if (box.left < -1 || box.right > innerWidth + 1) {
            wrong.push(`${name(one)} goes beyond the edge`);
        }
    }
    return wrong;
}"""


def out_of_reach(view: Locator) -> list[str]:
    """What is scrolled sideways, is covered, or lies beyond the edge of the page."""
    found: list[str] = view.evaluate(OUT_OF_REACH)
    return found
