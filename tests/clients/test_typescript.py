"""The OpenAPI document as linters and generators of TypeScript read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockserver import MockServer
from tests.clients.conftest import Workshop

pytestmark = [pytest.mark.clients, pytest.mark.timeout(600)]  # some start a compiler or two

TSC = ("tsc", "--strict", "--target", "es2022", "--module", "nodenext", "--moduleResolution", "nodenext")
SESSION = """
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const client = createClient<paths>({ baseUrl: process.env.MOCKSERVER_URL });
const fault: components["schemas"]["Fault"] = { kind: "status", code: 503 };
const added = await client.POST("/__admin/faults", {
  body: { fault, when: { event_type: ["play"] }, times: 1 },
});
if (added.error) throw new Error(added.error.detail);
// @ts-expect-error: there is no such kind
const none: components["schemas"]["Fault"] = { kind: "explode" };
if (added.data.fault.kind === "status") console.log(added.data.fault.code, added.data.when?.event_type?.[0]);

const params = {
  "analytics.trackingServer": "a.example", "analytics.reportSuite": "rs", "visitor.marketingCloudOrgId": "X@AdobeOrg",
  "media.id": "clip-7", "media.length": 60, "media.contentType": "vod", "media.playerName": "p", "media.channel": "c",
};
const playerTime = { playhead: 0, ts: 1760000000000 };
const opened = await client.POST("/api/v1/sessions", { body: { eventType: "sessionStart", playerTime, params } });
const sid = opened.response.headers.get("location")!.split("/").pop()!;
for (const expected of [503, 204]) {
  const sent = await client.POST("/api/v1/sessions/{sid}/events", {
    params: { path: { sid } },
    body: { eventType: "play", playerTime },
  });
  if (sent.response.status !== expected) throw new Error(String(sent.response.status));
}
const { data } = await client.GET("/__admin/events", { params: { query: { event_type: ["play"], status: [204] } } });
console.log(data?.events.map((entry) => entry.event_type).join());
"""


def test_the_lint_of_redocly_finds_nothing(workshop: Workshop, document: Path) -> None:
    told = workshop.run("redocly", "lint", str(document))
    assert "Your API description is valid" in told
    assert "warning" not in told.lower()


def test_openapi_typescript_and_openapi_fetch_check_types_and_run_a_session(
    workshop: Workshop, document: Path, server: MockServer
) -> None:
    workshop.run("openapi-typescript", str(document), "--default-non-nullable", "false", "-o", "schema.d.ts")
    workshop.write("session.ts", SESSION)
    workshop.write("process.d.ts", "declare const process: { env: Record<string, string> };")

    workshop.run(*TSC, "--skipLibCheck", "session.ts", "process.d.ts")
    assert workshop.run("node", "session.js") == "503 play\nplay\n"
    server.verify(["sessionStart", "play"])


def test_the_client_of_typescript_fetch_compiles_and_runs(
    workshop: Workshop, document: Path, server: MockServer
) -> None:
    workshop.run("openapi-generator-cli", "generate", "-g", "typescript-fetch", "-i", str(document), "-o", "client")
    workshop.write("session.ts", FETCH)
    workshop.run("tsc", "--strict", "--target", "es2022", "--module", "commonjs", "--outDir", "out", "session.ts")
    workshop.write("out/package.json", '{"type": "commonjs"}')
    assert workshop.run("node", "out/session.js", server.url) == "status ping\n"


FETCH = """
import { Configuration, FaultsApi } from "./client";

declare const process: { argv: string[] };
const faults = new FaultsApi(new Configuration({ basePath: process.argv[2] }));
async function main() {
  const faultSpec = { fault: { kind: "status", code: 503 } as const, when: { eventType: ["ping"] } };
  const rule = await faults.addFault({ faultSpec });
  console.log(rule.fault.kind, rule.when?.eventType?.[0]);
}
main();
"""
