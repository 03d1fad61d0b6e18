"""docs/clients/matchers.js in Vitest and in Jest."""

from __future__ import annotations

import pytest

from mockserver import MockServer
from tests.clients.conftest import Workshop, example, report
from tests.factories import event, start

pytestmark = [pytest.mark.clients, pytest.mark.timeout(600)]

SPEC = """
IMPORTS
import * as matchers from "./matchers.js";

expect.extend(matchers);
const url = process.env.MOCKSERVER_URL;

test("what was reported", async () => {
  await expect(url).toHaveReported("sessionStart", { event_type: ["adComplete"], status: [204] });
  await expect(url).not.toHaveReported("sessionStart", "play");
});

test("what was not", async () => {
  await expect(url).toHaveReported("adComplete", "sessionStart");
});

test("errors", async () => {
  await expect(url).toHaveNoFindings();
});

test("none of a server that got nothing", async () => {
  await expect(url + "/ns/other").toHaveNoFindings();
});
"""
RUNNERS = {
    "vitest": ('import { expect, test } from "vitest";', ("vitest", "run", "player.test.js")),
    "jest": ('import { expect, test } from "@jest/globals";', ("jest", "player.test.js")),
}


@pytest.mark.parametrize("runner", RUNNERS)
def test_matchers_pass_fail_and_say_why(runner: str, workshop: Workshop, server: MockServer) -> None:
    report(server, start(), event("adComplete"))
    imports, command = RUNNERS[runner]
    workshop.copy("matchers.js")
    workshop.write("player.test.js", SPEC.replace("IMPORTS", imports))

    told = workshop.run(*command, fails=True)

    assert "2 failed" in told, told
    assert "2 passed" in told, told
    assert "not verified" in told
    assert "ad.close-without-start" in told or "ad." in told


def test_the_example_of_the_page_passes(workshop: Workshop, server: MockServer) -> None:
    workshop.copy("matchers.js")
    workshop.write("player.js", PLAYER)
    workshop.write("page.test.js", example("javascript", "./matchers").replace("http://127.0.0.1:8089", server.url))

    workshop.run("vitest", "run", "page.test.js")


def test_the_matchers_have_types_in_both_runners(workshop: Workshop) -> None:
    types = example("ts", "interface Mockserver")
    workshop.write("vitest.d.ts", types)
    workshop.write("jest.d.ts", types.replace('"vitest"', '"expect"').replace("Matchers<T = any>", "Matchers<R, T>"))
    for runner, (imports, _) in RUNNERS.items():
        workshop.write(f"{runner}.test.ts", TYPED.replace("IMPORTS", imports))
        workshop.run(
            "tsc", "--strict", "--noEmit", "--skipLibCheck", "--target", "es2022", "--module", "nodenext",
            f"{runner}.test.ts", f"{runner}.d.ts",
        )  # fmt: skip


TYPED = """
IMPORTS

test("types", async () => {
  await expect("http://127.0.0.1:8089").toHaveReported("sessionStart", { event_type: ["play"] });
  await expect("http://127.0.0.1:8089").toHaveNoFindings("warning");
  // @ts-expect-error: no such severity
  await expect("http://127.0.0.1:8089").toHaveNoFindings("bad");
});
"""
PLAYER = """
export async function play(server) {
  const post = (path, body) => fetch(server + path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const params = { "analytics.trackingServer": "a.example", "analytics.reportSuite": "rs",
    "visitor.marketingCloudOrgId": "0123456789ABCDEF01234567@AdobeOrg",
    "visitor.marketingCloudUserId": "12345678901234567890123456789012345678", "media.id": "clip-7", "media.length": 60,
    "media.contentType": "vod", "media.streamType": "video", "media.playerName": "p", "media.channel": "c" };
  const playerTime = () => ({ playhead: 0, ts: Date.now() });
  const start = await post("/api/v1/sessions", { eventType: "sessionStart", playerTime: playerTime(), params });
  for (const eventType of ["play", "sessionComplete"])
    await post(`${start.headers.get("location")}/events`, { eventType, playerTime: playerTime() });
}
"""
