// Cypress commands for mockserver: https://pypi.org/project/media-collection-mockserver, docs/clients.md.
// Copy this file to cypress/support and import it in cypress/support/e2e.ts. `mockserver serve` runs at the
// Cypress environment variable mockserver, by default http://127.0.0.1:8089.

/** An event type, or a query: the members are in docs/reference.md. */
type Step = string | Record<string, unknown>;

declare global {
  namespace Cypress {
    interface Chainable {
      /** Call a route of the admin API, and yield the body of its answer. */
      mockserver(method: string, path: string, body?: object): Chainable<any>;
      /** Start anew: no sessions, no events, no faults. For a beforeEach. */
      resetMockserver(): Chainable<any>;
      /** Make the server fail: `{ fault: { kind: "status", code: 500 }, when: { event_type: ["ping"] }, times: 2 }`. */
      addFault(rule: object): Chainable<any>;
      /** Wait until these steps have followed each other in one session. */
      shouldHaveReported(...sequence: Step[]): Chainable<any>;
      /** Check that nothing is wrong with what was sent, although the API accepted it. */
      shouldHaveNoFindings(minSeverity?: "error" | "warning" | "info"): Chainable<any>;
    }
  }
}

const server = () => Cypress.env("mockserver") ?? "http://127.0.0.1:8089";

Cypress.Commands.add("mockserver", (method, path, body) => {
  const token = Cypress.env("mockserverToken");
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  return cy.request({ method, url: `${server()}/__admin${path}`, headers, ...(body && { body }) }).its("body");
});

Cypress.Commands.add("resetMockserver", () => cy.mockserver("POST", "/reset", {}));

Cypress.Commands.add("addFault", (rule) => cy.mockserver("POST", "/faults", rule));

Cypress.Commands.add("shouldHaveReported", (...sequence) =>
  cy.mockserver("POST", "/verify", { sequence, timeout_ms: 5_000 }).then((answer) => {
    if (!answer.verified) throw new Error(answer.message);
  }),
);

Cypress.Commands.add("shouldHaveNoFindings", (minSeverity = "warning") =>
  cy.mockserver("GET", `/findings?min_severity=${minSeverity}`).then(({ findings }) => {
    const wrong = findings.filter((one: any) => !one.follows_from).map((one: any) => `${one.code}: ${one.message}`);
    if (wrong.length) throw new Error(wrong.join("\n"));
  }),
);

export {};
