// The event types of the wire, as the server has them: queries and fault rules take no others.

export const EVENT_TYPES = [
  "sessionStart", "play", "ping", "pauseStart", "bufferStart", "bitrateChange", "error", "adBreakStart", "adBreakComplete",
  "adStart", "adComplete", "adSkip", "chapterStart", "chapterComplete", "chapterSkip", "stateStart", "stateEnd",
  "sessionComplete", "sessionEnd", "statesUpdate",
];
