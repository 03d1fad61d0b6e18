// Matchers for Jest and Vitest for mockserver: https://pypi.org/project/media-collection-mockserver, docs/clients.md.
// Copy this file into your project; in a setup file: `expect.extend(matchers)`.

/** @typedef {string | Record<string, unknown>} Step An event type, or a query: the members are in docs/reference.md. */

/**
 * `await expect(url).toHaveReported("sessionStart", "play")`: these steps followed each other in one session.
 *
 * @this {{ isNot?: boolean }}
 * @param {string} url Where the player reports to: "http://127.0.0.1:8089", with the namespace if there is one.
 * @param {...Step} sequence The steps. It waits for them for up to 3 seconds, since a test has 5; with `.not` it does not wait.
 */
export async function toHaveReported(url, ...sequence) {
  const command = { sequence, timeout_ms: this.isNot ? 0 : 3_000 };
  const { verified, message } = await ask("POST", `${url}/__admin/verify`, command);
  return { pass: verified, message: () => message };
}

/**
 * `await expect(url).toHaveNoFindings()`: nothing is wrong with what was sent, although the API accepted it.
 *
 * @param {string} url As above.
 * @param {"error" | "warning" | "info"} minSeverity Only findings as bad as this or worse.
 */
export async function toHaveNoFindings(url, minSeverity = "warning") {
  const { findings } = await ask("GET", `${url}/__admin/findings?min_severity=${minSeverity}`);
  const wrong = findings.filter((one) => !one.follows_from).map((one) => `${one.severity} ${one.code}: ${one.message}`);
  return { pass: wrong.length === 0, message: () => wrong.join("\n") || "expected findings, but there are none" };
}

/**
 * @param {string} method
 * @param {string} url
 * @param {unknown} [body]
 * @returns {Promise<any>}
 */
async function ask(method, url, body) {
  const token = globalThis.process?.env.MOCKSERVER_ADMIN_TOKEN;
  const answer = await fetch(url, {
    method,
    headers: { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const document = await answer.json();
  if (!answer.ok) throw new Error(`mockserver: ${document.detail}`);
  return document;
}
