"""docs/clients/cypress.ts against a stand-in for Cypress, whose own program is not on npm.

The types are those of the package of Cypress. The stand-in runs commands one after another, as Cypress does.
"""

from __future__ import annotations

import json

import pytest

from mockserver import MockServer
from tests.clients.conftest import Workshop, example, report
from tests.factories import event, start

pytestmark = [pytest.mark.clients, pytest.mark.timeout(600)]

STAND_IN = """
let queue = Promise.resolve();

class Chain {
  constructor(promise) { this.promise = promise; queue = promise.catch(() => {}); }
  its(name) { return new Chain(this.promise.then((value) => value[name])); }
  then(take) {
    return new Chain(this.promise.then(take).then((value) => (value instanceof Chain ? value.promise : value)));
  }
}

globalThis.Cypress = {
  env: (name) => (name === "mockserver" ? process.env.MOCKSERVER_URL : undefined),
  Commands: { add: (name, command) => { globalThis.cy[name] = command; } },
};
globalThis.cy = {
  request({ method, url, headers, body }) {
    const json = body && { body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...headers } };
    return new Chain(queue.then(async () => {
      const answer = await fetch(url, { method, headers, ...json });
      if (!answer.ok) throw new Error(`cy.request() failed: ${answer.status}`);
      const text = await answer.text();
      return { status: answer.status, body: text ? JSON.parse(text) : "" };
    }));
  },
};
export const settled = (chain) => chain.promise.then(() => "passed", (error) => `failed: ${error.message}`);
"""
SESSION = """
import { settled } from "./stand-in.mjs";
await import("./cypress.js");

console.log(JSON.stringify([
  await settled(cy.shouldHaveReported("sessionStart", { event_type: ["adComplete"] })),
  await settled(cy.shouldHaveReported("play")),
  await settled(cy.shouldHaveNoFindings()),
  await settled(cy.resetMockserver()),
  await settled(cy.shouldHaveNoFindings()),
  (await cy.addFault({ fault: { kind: "status", code: 500 }, when: { event_type: ["ping"] } }).promise).id,
]));
"""
SPEC = """
import "./cypress";

it("has typed commands", () => {
  cy.resetMockserver();
  cy.addFault({ fault: { kind: "status", code: 500 } }).its("id").should("eq", "f1");
  cy.shouldHaveReported("sessionStart", { event_type: ["ping"] });
  cy.shouldHaveNoFindings("error");
  // @ts-expect-error: no such severity
  cy.shouldHaveNoFindings("bad");
});
"""


def test_commands_have_types_and_do_what_they_say(workshop: Workshop, server: MockServer) -> None:
    report(server, start(), event("adComplete"))
    workshop.copy("cypress.ts")
    workshop.write("player.cy.ts", SPEC)
    workshop.write("page.cy.ts", example("ts", "./cypress"))
    workshop.write("stand-in.mjs", STAND_IN)
    workshop.write("session.mjs", SESSION)

    workshop.run(
        "tsc", "--strict", "--target", "es2022", "--module", "es2022", "--moduleResolution", "bundler",
        "--skipLibCheck", "--types", "cypress", "player.cy.ts", "page.cy.ts",
    )  # fmt: skip
    verified, other, findings, reset, no_findings, fault = json.loads(workshop.run("node", "session.mjs"))

    assert (verified, reset, no_findings, fault) == ("passed", "passed", "passed", "f1")
    assert other.startswith("failed: not verified")
    assert findings.startswith("failed: ad.")
