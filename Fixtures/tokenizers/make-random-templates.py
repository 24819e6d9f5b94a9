"""Makes random-templates.json: random snippets of the peers' generator with what jinja2 makes of them, null for a refusal.

Needs transformers 5 (for its jinja2 set-up).
"""

import json
import pathlib
import random
import re
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent / "tools" / "peers"))

from template_snippets import VARIABLES, Snippets  # noqa: E402
from transformers.utils.chat_template_utils import _compile_jinja_template  # noqa: E402

COUNT = 400
snippets = Snippets(random.Random(2024))
cases = []
refused = 0
while len(cases) < COUNT:
    template = snippets.snippet()
    variables = {"messages": [], "add_generation_prompt": False, "tools": None, "documents": None, **VARIABLES}
    try:
        expected = _compile_jinja_template(template).render(**json.loads(json.dumps(variables)))
    except Exception:
        expected = None
    refused += expected is None
    # Few refusals, and nothing that shows the address of an object or a complex number.
    if expected is None and refused > COUNT // 4 or len(expected or "") > 400:
        continue
    letters = re.sub("[^a-z0-9]", "", (expected or "").lower())
    if "at0x" in letters or "generatorob" in letters or "j)" in (expected or ""):
        continue
    cases.append({"template": template, "expected": expected})
text = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
head = json.dumps(VARIABLES, ensure_ascii=False)
(HERE / "random-templates.json").write_text(f'{{"variables": {head}, "snippets": [\n{text}\n]}}\n')
