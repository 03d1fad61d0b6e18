// New entries of the journal: one event stream for the whole page.

const RETRY_MS = 2000;
const HIDDEN_MS = 10000; // browsers open only six connections to a server; hidden pages free theirs

/**
 * Listen to the stream at `address`. Listeners get arrays, once per animation frame, of
 * `{type: "entry", entry}`, `{type: "reset"}`: earlier data may be gone, read it again (also after every interruption),
 * `{type: "evicted"}`: entries were dropped before they were sent, and `{type: "state", connected}`.
 * An entry may arrive twice: compare its `seq`.
 */
export function createLive(address) {
  const listeners = new Set();
  let waiting = [];
  let scheduled = false;
  let source = null;
  let interrupted = false;
  let connected = false;
  let timer = 0;

  function deliver() {
    scheduled = false;
    const batch = waiting;
    waiting = [];
    for (const listener of [...listeners]) listener(batch);
  }

  function push(message) {
    waiting.push(message);
    if (scheduled) return;
    scheduled = true;
    if (document.hidden) setTimeout(deliver, 200); // a hidden page draws no frames
    else requestAnimationFrame(deliver);
  }

  function state(now) {
    if (connected === now) return;
    connected = now;
    push({ type: "state", connected });
  }

  function open() {
    clearTimeout(timer);
    if (source) return;
    source = new EventSource(address);
    source.onopen = () => {
      if (interrupted) push({ type: "reset" });
      interrupted = false;
      state(true);
    };
    source.onmessage = (event) => push({ type: "entry", entry: JSON.parse(event.data) });
    source.addEventListener("reset", () => push({ type: "reset" }));
    source.addEventListener("evicted", () => push({ type: "evicted" }));
    source.onerror = () => {
      interrupted = true;
      state(false);
      if (source?.readyState !== EventSource.CLOSED) return; // it tries again by itself
      close();
      timer = setTimeout(open, RETRY_MS);
    };
  }

  function close() {
    clearTimeout(timer);
    source?.close();
    source = null;
    interrupted = true;
    state(false);
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(close, HIDDEN_MS);
    else open();
  });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", open);
  open();

  return {
    get connected() {
      return connected;
    },
    /** Call `listener` with every batch; returns a function that unsubscribes. */
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
