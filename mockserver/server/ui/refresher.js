// Repeats a read, never twice at the same time.

const PAUSE_MS = 400;

/** Call `read()` on request: never while it runs, and at most every `pauseMs`, except with `now`. */
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
