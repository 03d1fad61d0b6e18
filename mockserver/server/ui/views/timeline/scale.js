// Time on the screen: the visible part of a session, and the position of a time.

const SHORTEST_MS = 20;
const SPARE = 0.02; // beside the first and the last event
const STEPS_MS = [10, 50, 100, 500, 1e3, 2e3, 5e3, 1e4, 3e4, 6e4, 12e4, 3e5, 6e5, 18e5, 36e5, 72e5, 216e5, 432e5, 864e5];
const TICK_PX = 84;

/** A stretch of time in a width of pixels; it can be moved and zoomed within the session. */
export function createScale() {
  let first = 0;
  let last = 1000;
  let from = 0;
  let to = 1000;
  let width = 1;
  let fitted = true;

  function bounds() {
    const spare = Math.max((last - first) * SPARE, 250);
    return [first - spare, last + spare];
  }

  function set(start, end) {
    const [lowest, highest] = bounds();
    const span = Math.min(Math.max(end - start, SHORTEST_MS), highest - lowest);
    from = Math.min(Math.max(start, lowest), highest - span);
    to = from + span;
    fitted = span >= (highest - lowest) * 0.999;
  }

  return {
    /** Set the start and end of the session. The visible part stays the same, unless it was the whole session. */
    extend(start, end) {
      first = start;
      last = Math.max(end, start + 1);
      if (fitted) set(...bounds());
      else set(from, to);
    },
    resize(pixels) {
      width = Math.max(1, pixels);
    },
    x: (ms) => ((ms - from) / (to - from)) * width,
    ms: (x) => from + (x / width) * (to - from),
    fit: () => set(...bounds()),
    /** Show `factor` times as much time; the instant `at` stays where it is. */
    zoom(factor, at = (from + to) / 2) {
      set(at - (at - from) * factor, at + (to - at) * factor);
    },
    pan: (ms) => set(from + ms, to + ms),
    /** Bring a stretch into sight, with some room around it. */
    show(start, end) {
      const room = Math.max((end - start) * 0.4, 2000);
      set(start - room, end + room);
    },
    /** Move as little as possible so that an instant is in sight. */
    reveal(ms) {
      const room = (to - from) * 0.08;
      if (ms < from + room) set(ms - room, ms - room + (to - from));
      else if (ms > to - room) set(ms + room - (to - from), ms + room);
    },
    get first() {
      return first;
    },
    get window() {
      return { from, to, width, fitted, share: [(from - first) / (last - first), (to - first) / (last - first)] };
    },
    /** Instants worth a line, with the time since the first event. */
    ticks() {
      const wanted = ((to - from) / width) * TICK_PX;
      const step = STEPS_MS.find((ms) => ms >= wanted) ?? Math.ceil(wanted / 864e5) * 864e5;
      const found = [];
      for (let ms = first + Math.ceil((from - first) / step) * step; ms <= to; ms += step) found.push({ ms, label: offset(ms - first, step) });
      return found;
    },
  };
}

/** The time since the first event: "0:05", "12:30", "1:02:03", with as many decimals as `step` needs. */
export function offset(ms, step = 1) {
  const sign = ms < 0 ? "\u2212" : "";
  const decimals = step >= 1000 ? 0 : step >= 100 ? 1 : step >= 10 ? 2 : 3;
  const tenths = 10 ** decimals;
  const s = Math.round((Math.abs(ms) / 1000) * tenths) / tenths;
  const [hours, minutes] = [Math.floor(s / 3600), Math.floor((s % 3600) / 60)];
  const seconds = (s % 60).toFixed(decimals).padStart(decimals ? decimals + 3 : 2, "0");
  return `${sign}${hours ? `${hours}:${String(minutes).padStart(2, "0")}` : minutes}:${seconds}`;
}
