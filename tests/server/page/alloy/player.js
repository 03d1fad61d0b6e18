// A player that reports with Adobe's Web SDK: it knows where it is, and nothing else.
import { createInstance } from "@adobe/alloy";

const alloy = createInstance({ name: "alloy" });
let playedS = 0;
let sinceMs = null;

function playheadS() {
  return playedS + (sinceMs === null ? 0 : (Date.now() - sinceMs) / 1000);
}

globalThis.player = {
  configure(options) {
    return alloy("configure", options);
  },
  open(sessionDetails) {
    return alloy("createMediaSession", {
      playerId: "player",
      getPlayerDetails: () => ({ playhead: playheadS() }),
      xdm: { eventType: "media.sessionStart", mediaCollection: { playhead: 0, sessionDetails } },
    });
  },
  plays(yes) {
    playedS = playheadS();
    sinceMs = yes ? Date.now() : null;
  },
  report(eventType, mediaCollection = {}) {
    return alloy("sendMediaEvent", { playerId: "player", xdm: { eventType: `media.${eventType}`, mediaCollection } });
  },
};
