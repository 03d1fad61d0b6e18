// The emulated clock as the page shows it: read now and then, and counted on in between.
/** @import { Api } from "./api.js" */

const READ_MS = 2000;

/**
 * Follow the clock of the server.
 *
 * @param {Api} api
 */
export function createClock(api, live) {
  const listeners = new Set();
  let reading = { now_ms: Date.now(), frozen: true, rate: 1 };
  let known = false;
  let readAt = performance.now();
  let asked = -Infinity;

  async function refresh() {
    asked = performance.now();
    try {
      adopt(await api.get("/clock"));
    } catch {
      return; // the connection state says it already
    }
  }

  function adopt(answer) {
    const changed = !known || answer.frozen !== reading.frozen || answer.rate !== reading.rate;
    reading = answer;
    known = true;
    readAt = performance.now();
    if (changed) for (const listener of [...listeners]) listener(reading);
  }

  live.subscribe(() => {
    if (performance.now() - asked > READ_MS / 4) refresh(); // the clock may follow the events
  });
  setInterval(() => {
    if (!document.hidden && performance.now() - asked >= READ_MS - 50) refresh();
  }, READ_MS);
  refresh();

  return {
    /** The time of the clock, in milliseconds. */
    now: () => reading.now_ms + (reading.frozen ? 0 : (performance.now() - readAt) * reading.rate),
    get frozen() {
      return reading.frozen;
    },
    get rate() {
      return reading.rate;
    },
    /** Whether it was ever read. */
    get known() {
      return known;
    },
    /** Take an answer of `/clock` that somebody else got. */
    adopt,
    refresh,
    /** Call `listener` when it is frozen, resumed or changes its rate; returns what ends it. */
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
