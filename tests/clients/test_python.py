"""Clients in Python that generators make of the OpenAPI document."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mockserver import MockServer
from mockserver.model.fault_kind import StatusFault
from tests.clients.conftest import Workshop

pytestmark = [pytest.mark.clients, pytest.mark.timeout(600)]  # some start a compiler or two

SESSION = """
import sys

sys.path.insert(0, ".")
from client import Client
from client.api.collection import send_event, start_session
from client.api.events import list_events, wait_for_events
from client.api.faults import add_fault, list_faults
from client.models import FaultSpec, MediaEvent, Query, StatusFault, WaitCommand, When

client = Client(base_url=sys.argv[1])
rule = FaultSpec.from_dict({"fault": {"kind": "status", "code": 503}, "when": {"event_type": ["play"]}, "times": 1})
added = add_fault.sync(client=client, body=rule)
assert isinstance(added.fault, StatusFault) and added.when.event_type == ["play"], added
assert list_faults.sync(client=client).faults[0].fault.code == 503

start = MediaEvent.from_dict({
    "eventType": "sessionStart", "playerTime": {"playhead": 0, "ts": 1760000000000},
    "params": {"analytics.trackingServer": "a.example", "analytics.reportSuite": "rs",
               "visitor.marketingCloudOrgId": "X@AdobeOrg", "media.id": "clip-7", "media.length": 60,
               "media.contentType": "vod", "media.playerName": "player", "media.channel": "channel"}})
opened = start_session.sync_detailed(client=client, body=start)
assert opened.status_code == 201
sid = opened.headers["Location"].rpartition("/")[2]
play = MediaEvent.from_dict({"eventType": "play", "playerTime": {"playhead": 0, "ts": 1760000000000}})
answers = [send_event.sync_detailed(sid, client=client, body=play).status_code for _ in range(2)]
assert answers == [503, 204], answers

found = wait_for_events.sync(client=client, body=WaitCommand(query=Query(event_type=["play"], status=[204])))
assert (found.satisfied, found.count) == (True, 1), found
listed = list_events.sync(client=client, event_type=["play", "sessionStart"])
assert [entry.event_type for entry in listed.events] == ["sessionStart", "play", "play"]
"""

MODELS = """
import sys
import urllib.request

sys.path.insert(0, ".")
from models import EventPage, FaultRule, FaultSpec, StatusFault

spec = FaultSpec.model_validate({"fault": {"kind": "status", "code": 503}, "when": {"event_type": ["ping"]}})
assert isinstance(getattr(spec.fault, "root", spec.fault), StatusFault), spec
body = spec.model_dump_json(exclude_none=True).encode()
request = urllib.request.Request(sys.argv[1] + "/__admin/faults", body, {"Content-Type": "application/json"})
rule = FaultRule.model_validate_json(urllib.request.urlopen(request).read())
assert (rule.id, rule.when.event_type) == ("f1", ["ping"]), rule
page = urllib.request.urlopen(sys.argv[1] + "/__admin/events").read()
assert EventPage.model_validate_json(page).meta.total == 0
"""


def test_openapi_python_client_makes_a_package_that_runs_a_session(
    workshop: Workshop, document: Path, server: MockServer
) -> None:
    out = ("--output-path", str(workshop.folder / "client"))
    told = workshop.run("openapi-python-client", "generate", "--path", str(document), "--meta", "none", *out)

    # What is neither JSON nor plain text: a certificate, a picture, some forms of a recording and of a plan.
    assert set(re.findall("WARNING parsing (.*) within", told)) == {
        "GET /__admin/ca.crt",
        "GET /__admin/qr.svg",
        "POST /__admin/import",
        "POST /__admin/plan",
    }
    workshop.write("session.py", SESSION)
    workshop.run("python", "session.py", server.url)
    server.verify(["sessionStart", "play"])


def test_datamodel_code_generator_makes_models_of_what_the_server_takes_and_answers(
    workshop: Workshop, document: Path, server: MockServer
) -> None:
    workshop.run(
        "datamodel-codegen", "--input", str(document), "--input-file-type", "openapi", "--output", "models.py",
        "--output-model-type", "pydantic_v2.BaseModel",
    )  # fmt: skip

    workshop.write("session.py", MODELS)
    workshop.run("python", "session.py", server.url)
    assert server.faults.list()[0].fault == StatusFault(code=503)
