// The sessions that match a search, newest first, loaded as needed.

const PAGE = 60;
const CATCH_UP = 1000;
const NEWEST = Number.MAX_SAFE_INTEGER; // before it come all

/** Read sessions through `read(query)`, which asks `/sessions`. */
export function createSessionList(read) {
  let rows = [];
  let filter = {};
  let total = 0;
  let complete = false;
  let generation = 0;

  /** Replace the known sessions between the oldest of an answer and `before`. */
  function merge(sessions, before, limit) {
    const exhausted = sessions.length < limit;
    const low = exhausted ? -1 : sessions[0].seq;
    const answer = [...sessions].reverse();
    const newer = rows.filter((row) => row.seq >= before);
    const older = rows.filter((row) => row.seq < low);
    rows = [...newer, ...answer, ...older];
    if (exhausted) complete = true;
    return low;
  }

  async function page(query, mine) {
    const { sessions, meta } = await read({ ...filter, ...query });
    if (mine !== generation) return null;
    total = meta.total;
    return sessions;
  }

  return {
    get rows() {
      return rows;
    },
    get total() {
      return total;
    },
    /** Whether the oldest one was read. */
    get complete() {
      return complete;
    },
    /** Start another search. */
    search(next) {
      filter = next;
      generation++;
      rows = [];
      total = 0;
      complete = false;
    },
    /** Read the newest; returns how many new ones there are. */
    async refresh() {
      const mine = generation;
      const newest = rows[0]?.seq ?? NEWEST;
      let before = NEWEST;
      let limit = PAGE;
      let findings = true;
      for (;;) {
        const sessions = await page({ limit, findings, before }, mine);
        if (!sessions) return 0;
        const low = merge(sessions, before, limit);
        if (low <= newest) break;
        [before, limit, findings] = [low, CATCH_UP, false]; // more came than fit on a page
      }
      const place = newest === NEWEST ? 0 : rows.findIndex((row) => row.seq <= newest);
      return Math.max(0, place);
    },
    /** Read again those from index `first` to `last`. */
    async refreshWindow(first, last) {
      const mine = generation;
      if (!rows[first]) return;
      const before = rows[first].seq + 1;
      const limit = Math.min(last, rows.length - 1) - first + 1;
      const sessions = await page({ limit, before, findings: true }, mine);
      if (sessions) merge(sessions, before, limit);
    },
    /** Read older ones. */
    async more() {
      const mine = generation;
      if (complete || !rows.length) return;
      const before = rows[rows.length - 1].seq;
      const sessions = await page({ limit: 200, before }, mine);
      if (sessions) merge(sessions, before, 200);
    },
  };
}
