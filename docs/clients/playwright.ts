// A Playwright fixture for mockserver: https://pypi.org/project/media-collection-mockserver, docs/clients.md.
// Copy this file into your tests. `mockserver serve` runs at MOCKSERVER_URL, by default http://127.0.0.1:8089.

import { test as base, expect, type Page } from "@playwright/test";

export { expect };

/** An event type, or a query: the members are in docs/reference.md. */
export type Step = string | Record<string, unknown>;

/** One test's own share of the server. */
export class Mockserver {
  /** The player under test reports to `${url}/api/v1/sessions`. */
  constructor(readonly url: string) {}

  /** Call a route of the admin API; an error carries the message of the server. */
  async ask(method: string, path: string, body?: unknown): Promise<any> {
    const token = process.env.MOCKSERVER_ADMIN_TOKEN;
    const answer = await fetch(`${this.url}/__admin${path}`, {
      method,
      headers: {
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`mockserver: ${text ? JSON.parse(text).detail : answer.status}`);
    return text ? JSON.parse(text) : undefined;
  }

  /** Make the server fail: `addFault({ fault: { kind: "status", code: 500 }, when: { event_type: ["ping"] }, times: 2 })`. */
  async addFault(rule: Record<string, unknown>) {
    return await this.ask("POST", "/faults", rule);
  }

  /** Wait until these steps have followed each other in one session. */
  async hasReported(...sequence: Step[]) {
    const verified = await this.ask("POST", "/verify", { sequence, timeout_ms: 5_000 });
    expect(verified.verified, verified.message).toBe(true);
  }

  /** Check that nothing is wrong with what was sent, although the API accepted it. */
  async hasNoFindings(minSeverity: "error" | "warning" | "info" = "warning") {
    const { findings } = await this.ask("GET", `/findings?min_severity=${minSeverity}`);
    expect(findings.filter((one: any) => !one.follows_from).map((one: any) => `${one.code}: ${one.message}`)).toEqual([]);
  }

  /** Redirect what a page sends to other hosts, such as Adobe's, to this server. */
  async route(page: Page, ...hosts: string[]) {
    await page.route(
      (url) => hosts.includes(url.hostname),
      async (route) => {
        const { pathname, search } = new URL(route.request().url());
        await route.fulfill({ response: await route.fetch({ url: this.url + pathname + search }) });
      },
    );
  }
}

/** `test` with the fixture `mockserver`. A test that fails has the findings and the timelines as attachments. */
export const test = base.extend<{ mockserver: Mockserver }>({
  mockserver: async ({}, use, testInfo) => {
    const server = process.env.MOCKSERVER_URL ?? "http://127.0.0.1:8089";
    const name = `${testInfo.testId}-${testInfo.retry}-${testInfo.repeatEachIndex}`.replace(/[^A-Za-z0-9]/g, "-");
    const mockserver = new Mockserver(`${server}/ns/${name}`);
    await mockserver.ask("POST", "/reset", {});
    await use(mockserver);
    if (testInfo.status !== testInfo.expectedStatus) {
      const attach = async (title: string, path: string) =>
        await testInfo.attach(title, {
          body: JSON.stringify(await mockserver.ask("GET", path), null, 2),
          contentType: "application/json",
        });
      await attach("mockserver findings", "/findings");
      const { sessions } = await mockserver.ask("GET", "/sessions");
      for (const { sid } of sessions) await attach(`mockserver timeline of ${sid}`, `/sessions/${sid}/timeline`);
    }
    await mockserver.ask("DELETE", `/namespaces/${name}`);
  },
});
