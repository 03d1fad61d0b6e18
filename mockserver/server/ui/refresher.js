// Reading again what changes all the time, without ever asking twice at once.

const PAUSE_MS = 400;

/** Call `read()` when told: never while it runs, and not more often than every `pauseMs` unless `now` is said. */
export function createRefresher(read, pauseMs = PAUSE_MS) {
  let running = false;
  let wanted = false;
  let timer = 0;
  let stopped = false;

  async function run() {
    clearTimeout(timer);
    timer = 0;
    if (stopped) return;
    if (running) {
      wanted = true;
      return;
    }
    running = true;
    wanted = false;
    try {
      await read();
    } finally {
      running = false;
    }
    if (wanted) soon(0);
  }

  function soon(ms = pauseMs) {
    if (!timer && !stopped) timer = setTimeout(run, ms);
  }

  return {
    soon: () => soon(),
    now: run,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
