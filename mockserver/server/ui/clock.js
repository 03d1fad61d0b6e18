// The emulated clock as the page shows it: read now and then, and extrapolated in between.
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
  let adopted = 0;
  let stoppedAt = null; // when the server went away: countdowns stop there

  async function refresh() {
    asked = performance.now();
    const before = adopted;
    try {
      const answer = await api.get("/clock");
      if (before === adopted) adopt(answer); // otherwise the clock may have been set after it was read
    } catch {
      return; // the header shows that the connection is lost
    }
  }

  function adopt(answer) {
    adopted += 1;
    const changed = !known || answer.frozen !== reading.frozen || answer.rate !== reading.rate;
    reading = answer;
    known = true;
    readAt = performance.now();
    if (changed) for (const listener of [...listeners]) listener(reading);
  }

  live.subscribe((batch) => {
    for (const { type, connected } of batch) if (type === "state") stoppedAt = connected || !known ? null : performance.now();
    if (performance.now() - asked > READ_MS / 4) refresh(); // the clock may follow the events
  });
  setInterval(() => {
    if (!document.hidden && performance.now() - asked >= READ_MS - 50) refresh();
  }, READ_MS);
  refresh();

  return {
    /** The time of the clock, in milliseconds. */
    now: () => reading.now_ms + (reading.frozen ? 0 : Math.max(0, (stoppedAt ?? performance.now()) - readAt) * reading.rate),
    get frozen() {
      return reading.frozen;
    },
    get rate() {
      return reading.rate;
    },
    /** Whether it has been read yet. */
    get known() {
      return known;
    },
    /** Use an answer of `/clock` that was read elsewhere. */
    adopt,
    refresh,
    /** Call `listener` when the clock is frozen, resumed or changes its rate; returns a function that unsubscribes. */
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
