// The sessions that match a search, in its order, read from the server as they come into sight.

const NEWEST_FIRST = "-opened";

/** Read sessions through `read(query)`, which asks `/sessions`. */
export function createSessionList(read) {
  let known = new Map(); // by place in the order
  let filter = {};
  let total = null;
  let generation = 0;

  async function page(first, last) {
    const mine = generation;
    const answer = await read({ sort: NEWEST_FIRST, ...filter, skip: first, limit: last - first + 1, findings: true });
    return mine === generation ? answer : null;
  }

  return {
    row: (index) => known.get(index) ?? null,
    get total() {
      return total ?? 0;
    },
    /** Start another search, of `/sessions`. */
    search(next) {
      filter = next;
      generation++;
      known = new Map();
      total = null;
    },
    /** Read again those in sight; returns how many new ones there are above them, null if another search has begun. */
    async refresh(first, last) {
      let answer = await page(first, last);
      if (!answer) return null;
      const grown = total === null || (filter.sort ?? NEWEST_FIRST) !== NEWEST_FIRST ? 0 : Math.max(0, answer.meta.total - total);
      if (grown && first) answer = await page(first + grown, last + grown);
      if (!answer) return null;
      const from = first ? first + grown : first;
      known = new Map(answer.sessions.map((session, n) => [from + n, session]));
      total = answer.meta.total;
      return grown;
    },
    /** Read those that are not known yet; true if there were any. */
    async ensure(first, last) {
      let from = first;
      while (from <= last && known.has(from)) from++;
      if (from > Math.min(last, (total ?? 1) - 1)) return false;
      const answer = await page(from, last);
      if (!answer) return false;
      answer.sessions.forEach((session, n) => known.set(from + n, session));
      return true;
    },
  };
}
