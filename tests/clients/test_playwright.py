"""docs/clients/playwright.ts and recipes for Playwright, in Playwright Test with Chromium."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from mockserver import MockServer
from mockserver.control import NAMESPACES
from tests.clients.conftest import Workshop, example
from tests.documents import ROOT, blocks

pytestmark = [pytest.mark.clients, pytest.mark.timeout(600)]  # a browser starts, maybe on a busy machine

CONFIG = """
import { defineConfig } from "@playwright/test";

export default defineConfig({
  reporter: [["json", { outputFile: "report.json" }]],
  workers: 1,
  use: { trace: "retain-on-failure", launchOptions: { executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] } },
});
"""
WEB_PLAYER = """
<!doctype html>
<script>
const report = REPORT
report([new URLSearchParams(location.search).get("report-to"), "play", "ping", "sessionComplete"]);
</script>
"""
PLAYER = """
export const report = async ([api, ...types]) => {
  const post = (path, body) => fetch(api + path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const playerTime = () => ({ playhead: 0, ts: Date.now() });
  const start = await post("/api/v1/sessions", { eventType: "sessionStart", playerTime: playerTime(), params: {
    "analytics.trackingServer": "a.example", "analytics.reportSuite": "rs",
    "visitor.marketingCloudOrgId": "0123456789ABCDEF01234567@AdobeOrg",
    "visitor.marketingCloudUserId": "12345678901234567890123456789012345678",
    "media.id": "clip-7", "media.length": 60, "media.contentType": "vod", "media.streamType": "video",
    "media.playerName": "my player", "media.channel": "my channel" } });
  const statuses = [start.status];
  for (const eventType of types) {
    const event = await post(start.headers.get("Location") + "/events", { eventType, playerTime: playerTime() });
    statuses.push(event.status);
  }
  return statuses;
};
"""
SPEC = """
import { test, expect } from "./playwright";
import { report } from "./player.mjs";

test("passes", async ({ page, mockserver }) => {
  await mockserver.addFault({ fault: { kind: "status", code: 500 }, when: { event_type: ["play"] }, times: 1 });
  expect(await page.evaluate(report, [mockserver.url, "play", "play", "sessionEnd"])).toEqual([201, 500, 204, 204]);
  await mockserver.hasReported("sessionStart", { event_type: ["play"], status: [204] }, "sessionEnd");
  await mockserver.hasNoFindings("error");
});

test("starts empty", async ({ mockserver }) => {
  const { requests } = await mockserver.ask("GET", "/summary");
  expect(requests).toBe(0);
});

test("brings a host to the server", async ({ page, mockserver }) => {
  await mockserver.route(page, "media.example.com");
  expect(await page.evaluate(report, ["https://media.example.com", "play"])).toEqual([201, 204]);
  await mockserver.hasReported("sessionStart", "play");
});

test("fails", async ({ page, mockserver }) => {
  await page.evaluate(report, [mockserver.url, "ping"]);
  await mockserver.hasReported("sessionStart", "sessionComplete");
});

test("finds", async ({ page, mockserver }) => {
  await page.evaluate(report, [mockserver.url, "adComplete"]);
  await mockserver.hasNoFindings();
});
"""


def test_the_fixture_gives_namespaces_faults_routes_and_attachments(workshop: Workshop, server: MockServer) -> None:
    workshop.copy("playwright.ts")
    workshop.write("playwright.config.ts", CONFIG)
    workshop.write("player.mjs", PLAYER)
    workshop.write("player.spec.ts", SPEC)

    workshop.run("playwright", "test", fails=True)

    report = json.loads((workshop.folder / "report.json").read_text())
    results = {spec["title"]: spec["tests"][0]["results"][0] for spec in report["suites"][0]["specs"]}
    assert {title: result["status"] for title, result in results.items()} == {
        "passes": "passed",
        "starts empty": "passed",
        "brings a host to the server": "passed",
        "fails": "failed",
        "finds": "failed",
    }, report
    attached = {one["name"].split(" of ")[0] for one in results["fails"]["attachments"]}
    assert {"mockserver findings", "mockserver timeline"} <= attached
    [trace] = [Path(one["path"]) for one in results["fails"]["attachments"] if one["name"] == "trace"]
    with zipfile.ZipFile(trace) as inside:
        assert b"mockserver timeline of" in inside.read("test.trace")
    assert results["passes"]["attachments"] == []
    assert "not verified" in results["fails"]["errors"][0]["message"]
    assert "ad." in results["finds"]["errors"][0]["message"]
    assert [one.name for one in server.control.call(NAMESPACES, None).namespaces] == ["default"]


def test_the_example_of_the_page_passes(workshop: Workshop, server: MockServer) -> None:
    workshop.copy("playwright.ts")
    workshop.write("playwright.config.ts", CONFIG)
    workshop.write("player.html", WEB_PLAYER.replace("REPORT", PLAYER.partition("report = ")[2]))
    page = (workshop.folder / "player.html").as_uri()
    workshop.write("page.spec.ts", example("ts", "./playwright").replace("http://localhost:3000/player.html", page))

    workshop.run("playwright", "test")


def test_the_recipe_that_passes_requests_of_alloy_on_works(workshop: Workshop, server: MockServer) -> None:
    [recipe] = [
        text for kind, text in blocks(ROOT / "docs/recipes.md") if kind == "javascript" and "page.route" in text
    ]
    workshop.write("playwright.config.ts", CONFIG)
    workshop.write("recipe.spec.ts", RECIPE.replace("RECIPE", recipe.replace("http://127.0.0.1:8089", server.url)))

    workshop.run("playwright", "test")

    assert server.count(event_type="sessionStart") == 1


RECIPE = """
import { test, expect } from "@playwright/test";

test("a page reports to the Media Edge API of Adobe", async ({ page }) => {
RECIPE
  const status = await page.evaluate(async () => {
    const xdm = { eventType: "media.sessionStart", timestamp: new Date().toISOString(), mediaCollection: { playhead: 0,
      sessionDetails: { name: "clip-7", length: 60, contentType: "vod", playerName: "p", channel: "c" } } };
    const answer = await fetch("https://edge.adobedc.net/ee/va/v1/sessionStart?configId=any", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ events: [{ xdm }] }) });
    return answer.status;
  });
  expect(status).toBe(200);
});
"""
