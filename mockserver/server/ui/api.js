// The admin API. Its address follows from that of the page, so that it also works below /ns/{name}.

/** @import { Answers } from "./types.d.ts" */
/** @typedef {ReturnType<typeof createApi>} Api */

/** The event of the document when this page has changed something on the server. */
export const CHANGED = "mockserver:changed";

/** A refusal with the message of the server (RFC 9457), or status 0 if the server could not be reached. */
export class ApiError extends Error {
  constructor({ status, detail, pointer = null, code = "" }) {
    super(detail);
    this.name = "ApiError";
    this.status = status;
    this.detail = detail;
    this.pointer = pointer;
    this.code = code;
  }
}

/** A path with encoded parts: path`/sessions/${sid}`. */
export function path(strings, ...parts) {
  return strings.reduce((whole, text, n) => whole + encodeURIComponent(parts[n - 1]) + text);
}

/** The query string of an object; lists repeat the name, null, undefined and "" are left out. */
export function queryString(query = {}) {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().filter((one) => one !== null && one !== undefined && one !== "").map((one) => [name, String(one)]));
  return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
}

/**
 * Make a client of the admin API for `page`, the address of this page.
 *
 * A view has a client of its own, with the signal that it was left. Then its reads are given up and never return, so
 * that nothing is asked or shown for it any more; what it has changed on the server stays changed.
 *
 * @param {string} page
 * @param {AbortSignal} [left]
 */
export function createApi(page, left) {
  const base = new URL("..", page.split("#")[0].split("?")[0]).href.replace(/\/$/, "");
  const origin = base.replace(/\/__admin$/, "");

  /**
   * @param {string} method
   * @param {string} where
   * @param {{ body?: unknown, file?: Blob, kind?: string, query?: object, signal?: AbortSignal }} [given]
   */
  async function ask(method, where, { body, file, kind = "application/octet-stream", query, signal } = {}) {
    /** @type {RequestInit & { headers: Record<string, string> }} */
    const init = { method, signal, headers: { Accept: "application/json" } };
    if (body !== undefined) {
      init.headers["Content-Type"] = "application/json";
      init.body = JSON.stringify(body);
    }
    if (file !== undefined) {
      init.headers["Content-Type"] = kind;
      init.body = file;
    }
    let response;
    try {
      response = await fetch(base + where + queryString(query), init);
    } catch (error) {
      throw new ApiError({ status: 0, detail: "The server cannot be reached.", code: "unreachable" });
    }
    const answer = await content(response);
    if (method !== "GET") document.dispatchEvent(new CustomEvent(CHANGED));
    return answer;
  }

  async function read(where, query) {
    try {
      return await ask("GET", where, { query, signal: left });
    } catch (error) {
      if (left?.aborted) return new Promise(() => {});
      throw error;
    }
  }

  return {
    base,
    origin,
    /** @type {<P extends string>(where: P, query?: object) => Promise<P extends keyof Answers ? Answers[P] : any>} */
    get: read,
    post: (where, body) => ask("POST", where, { body }),
    /** @type {(where: string, file: Blob, kind?: string) => Promise<any>} */
    send: (where, file, kind) => ask("POST", where, { file, kind }),
    put: (where, body) => ask("PUT", where, { body }),
    patch: (where, body) => ask("PATCH", where, { body }),
    delete: (where) => ask("DELETE", where),
  };
}

async function content(response) {
  const text = await response.text();
  let answer = null;
  try {
    answer = text ? JSON.parse(text) : null;
  } catch {
    answer = { detail: text.slice(0, 500) };
  }
  if (response.ok) return answer;
  const detail = answer?.detail || `The server answered ${response.status}.`;
  throw new ApiError({ status: response.status, detail, pointer: answer?.pointer ?? null, code: answer?.code ?? "" });
}
