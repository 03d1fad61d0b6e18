"""The manifests in docs/containers.md and the Dockerfile, as far as they can be tried without a container."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from ruamel.yaml import YAML

from mockserver import MockServer
from mockserver.cli.command_line import build_parser
from mockserver.cli.configuration import configure
from mockserver.cli.flags import serve_flags
from tests.dist.dockerfile import instructions
from tests.documents import ROOT, blocks

PAGE = ROOT / "docs" / "containers.md"
YAMLS = [text for kind, text in blocks(PAGE) if kind == "yaml"]
SCHEMAS = {
    "# compose.yaml": "vendor.compose-spec",
    "# .github/workflows/player.yml": "vendor.github-workflows",
    "# .gitlab-ci.yml": "vendor.gitlab-ci",
}
DOCKERFILE = list(instructions())


def documents(first_line: str) -> list[Any]:
    [text] = [text for text in YAMLS if text.startswith(first_line)]
    return list(YAML(typ="safe").load_all(text))


@pytest.mark.parametrize("first_line", SCHEMAS)
def test_manifests_satisfy_the_schema_of_their_tool(first_line: str, tmp_path: Path) -> None:
    paths = []
    for number, text in enumerate(text for text in YAMLS if text.startswith(first_line + "\n")):
        paths.append(tmp_path / f"{number}.yml")
        paths[-1].write_text(text, encoding="utf-8")
    assert paths
    from check_jsonschema import main  # type: ignore[import-untyped] # takes longer to import than to run
    from click.testing import CliRunner

    done = CliRunner().invoke(main, ["--builtin-schema", SCHEMAS[first_line], *map(str, paths)])
    assert done.exit_code == 0, done.output


def test_every_manifest_is_checked() -> None:
    assert {text.partition("\n")[0] for text in YAMLS} == {*SCHEMAS, "# mockserver.yaml"}


def test_probes_of_kubernetes_are_answered_and_ports_agree() -> None:
    deployment, service = documents("# mockserver.yaml")
    pod = deployment["spec"]["template"]
    [container] = pod["spec"]["containers"]
    [port], [of_service] = container["ports"], service["spec"]["ports"]
    assert port["containerPort"] == of_service["port"] == 8089
    assert of_service["targetPort"] == port["name"]
    assert service["spec"]["selector"] == pod["metadata"]["labels"] == deployment["spec"]["selector"]["matchLabels"]
    with MockServer() as server:
        for probe in ("readinessProbe", "livenessProbe"):
            asked = container[probe]["httpGet"]
            assert asked["port"] == port["name"]
            with urlopen(Request(server.url + asked["path"], headers={"Host": "10.1.2.3:8089"})) as answer:
                assert answer.status == 200


def test_image_runs_as_a_user_on_the_default_port_with_existing_variables(tmp_path: Path) -> None:
    last_stage = DOCKERFILE[max(at for at, (name, _) in enumerate(DOCKERFILE) if name == "FROM") :]
    told = dict(last_stage)
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", told["USER"])
    variables = dict(pair.split("=", 1) for pair in shlex.split(told["ENV"]))
    ours = {name: value for name, value in variables.items() if name.startswith("MOCKSERVER_")}
    configuration = configure(serve_flags(), {}, ours, tmp_path, "0")
    assert int(told["EXPOSE"]) == configuration.options.port
    assert (configuration.options.host, configuration.log_format) == ("0.0.0.0", "json")
    entry, arguments = (YAML(typ="safe").load(told[name]) for name in ("ENTRYPOINT", "CMD"))
    assert entry == ["mockserver"]
    build_parser().parse_args(arguments)
    build_parser().parse_args(YAML(typ="safe").load(told["HEALTHCHECK"].partition("CMD ")[2])[1:])


def test_image_is_built_only_from_files_it_copies() -> None:
    copied = {
        source for name, rest in DOCKERFILE if name == "COPY" and "--from" not in rest for source in rest.split()[:-1]
    }
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"}
    assert copied == kept


def test_snippets_in_python_can_be_read() -> None:
    for kind, text in blocks(PAGE):
        if kind == "py":
            compile(text, "snippet", "exec")
