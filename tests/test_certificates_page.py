"""The Python of docs/certificates.md runs as it stands, and its solutions keep to their limits."""

import re
from pathlib import Path

PAGE = (Path(__file__).parents[1] / "docs" / "certificates.md").read_text()


def test_the_examples_run(capsys):
    names = {}
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(block, names)
    assert float((names["found"].occupancy * names["fuel"]).sum()) <= 4.0 + 1e-8
    assert float((names["near"].occupancy * names["fuel"]).sum()) <= 4.0 + 1e-8
    assert len(capsys.readouterr().out.splitlines()) >= 4
