"""A patch for people: as lines that go and come, as a file for review, and as a picture of before and after."""

import difflib
import re
from collections.abc import Sequence
from html import escape

from tinyllm.draw import draw
from tinyllm.grades import Outcome
from tinyllm.growth.evidence import shown
from tinyllm.growth.steps import Known
from tinyllm.overlay import Patch
from tinyllm.spec import GraphSpec

HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}"'
    ' font-family="sans-serif" font-size="13">'
)


def exported(known: Known) -> str:
    """The patches that serve or wait, as a file beside the graph says them."""
    import yaml

    kept = [patch for patch in known.patches if patch.state in ("proposed", "probation", "accepted")]
    body = {
        "graph": known.base.name,
        "patches": [{"patch": patch.number, "state": patch.state, **patch.body()} for patch in kept],
    }
    head = "# Changes that this graph made of itself. Those that are accepted count; `tinyllm growth` shows the rest.\n"
    return head + yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=110)


def _file(spec: GraphSpec) -> list[str]:
    import yaml

    nodes = {id: spec.body(id) for id in spec.nodes}
    return yaml.safe_dump({"nodes": nodes}, sort_keys=False, allow_unicode=True, width=110).splitlines(
        keepends=True
    )


def difference(known: Known, patch: Patch) -> str:
    """Lines of the graph that go and come; nothing when the patch stands aside."""
    old = known.under(patch)
    new = patch.on(old) if patch.stands(old) else old
    name = known.base.name
    return "".join(
        difflib.unified_diff(_file(old), _file(new), name, f"{name} with patch {patch.number}", n=2)
    )


def before_and_after(known: Known, patch: Patch) -> str:
    """All about a patch, as text."""
    old = known.under(patch)
    stands = patch.stands(old)
    lines = [
        f"patch {patch.number} of {patch.graph}: {patch.strategy} of {patch.node}, {patch.state}",
        f"why       {patch.why}",
        f"evidence  {shown(patch.evidence)}",
        *([f"live      {_live(patch)}"] if "live" in patch.evidence else []),
        *([] if stands else [f"aside     {patch.node} is not what it was when the patch was made"]),
        "",
        draw(old),
        *(["", draw(patch.on(old))] if stands else []),
    ]
    return "\n".join(lines)


def _live(patch: Patch) -> str:
    on, off = patch.evidence["live"]["with"], patch.evidence["live"]["without"]
    return f"failed {on['failed']} of {on['verdicts']} with it, {off['failed']} of {off['verdicts']} without"


def picture(known: Known, patch: Patch) -> str:
    """Both graphs side by side, each node with how often it failed."""
    old = known.under(patch)
    new = patch.on(old) if patch.stands(old) else old
    # A verdict belongs to the version of the node that gave the answer.
    left = draw(old, "svg", _rates(old, known.outcomes))
    right = draw(new, "svg", _rates(new, known.outcomes))
    (wide, high), (more, deep) = _size(left), _size(right)
    title = f"{patch.graph}, patch {patch.number}: {patch.strategy} of {patch.node}, {patch.state}"
    whole, tall = wide + more + 24, max(high, deep) + 44
    second = right.replace('id="tip"', 'id="tip2"').replace("url(#tip)", "url(#tip2)")
    heads = "".join(
        f'<text x="{x}" y="20" font-weight="bold">{word}</text>'
        for x, word in ((12, "before"), (wide + 36, "after"))
    )
    return "\n".join(
        [
            HEAD.format(wide=whole, high=tall),
            f"<title>{escape(title)}</title>{heads}",
            f'<text x="12" y="38" font-size="11" fill="#5f6368">{escape(title)}</text>',
            left.replace("<svg ", '<svg x="0" y="44" ', 1),
            second.replace("<svg ", f'<svg x="{wide + 24}" y="44" ', 1),
            "</svg>",
        ]
    )


def _rates(spec: GraphSpec, outcomes: Sequence[Outcome]) -> dict[str, str]:
    found: dict[str, str] = {}
    for id in spec.nodes:
        own = [o for o in outcomes if o.node == id and o.fingerprint == spec.mark(id)]
        if own:
            failed = sum(not outcome.passed for outcome in own)
            found[id] = f"{failed / len(own):.0%} of {len(own)} failed"
    return found


def _size(svg: str) -> tuple[int, int]:
    found = re.search(r'width="(\d+)" height="(\d+)"', svg)
    assert found is not None
    return int(found[1]), int(found[2])
