// What a fault rule can say: its kinds and their fields, when it is about a request, how often it strikes.
// The words that explain them come from the server. `input` says how a field is filled in; see fields.js.

const SESSIONS = { name: "sessions", label: "Which sessions", input: "choice", choices: ["all"], none: "own" };

/** The kinds of faults. */
export const KINDS = [
  { kind: "status", record: "StatusFault", title: "Answer with a status", fields: [
    { name: "code", label: "Status", input: "int", required: true, start: "500" },
    { name: "body", label: "Body", input: "any", placeholder: '{"message": "..."}' },
    { name: "headers", label: "Headers", input: "headers", placeholder: "Retry-After: 5" },
  ] },
  { kind: "outcome", record: "OutcomeFault", title: "Answer as if the session were gone", fields: [
    { name: "outcome", label: "As if it were", input: "choice", required: true, choices: ["session_closed", "unknown_session"] },
  ] },
  { kind: "expire", record: "ExpireFault", title: "Close sessions for good (410)", fields: [SESSIONS] },
  { kind: "forget", record: "ForgetFault", title: "Forget sessions (404)", fields: [SESSIONS] },
  { kind: "delay", record: "DelayFault", title: "Delay", fields: [
    { name: "ms", label: "Fixed, ms", input: "number", start: "5000" },
    { name: "lower", label: "At least, ms", input: "number" },
    { name: "upper", label: "At most, ms", input: "number" },
    { name: "median", label: "Median, ms", input: "number" },
    { name: "sigma", label: "Sigma", input: "number" },
  ] },
  { kind: "duplicate", record: "DuplicateFault", title: "Process the request twice", fields: [] },
  { kind: "reset", record: "ResetFault", title: "Reset the connection", fields: [] },
  { kind: "close", record: "CloseFault", title: "Close without an answer", fields: [] },
  { kind: "hang", record: "HangFault", title: "Never answer", fields: [] },
  { kind: "refuse", record: "RefuseFault", title: "Refuse connections for a while", fields: [
    { name: "duration_ms", label: "For how long, ms", input: "int", required: true, start: "5000" },
  ] },
  { kind: "truncate", record: "TruncateFault", title: "Cut the answer", fields: [
    { name: "after_bytes", label: "After bytes", input: "int", required: true, start: "20" },
  ] },
  { kind: "garble", record: "GarbleFault", title: "Answer what is not HTTP", fields: [] },
  { kind: "dribble", record: "DribbleFault", title: "Answer in pieces", fields: [
    { name: "chunks", label: "Pieces", input: "int", required: true, start: "5" },
    { name: "total_ms", label: "In all, ms", input: "int", required: true, start: "5000" },
  ] },
  { kind: "drop_header", record: "DropHeaderFault", title: "Leave a header out", fields: [
    { name: "name", label: "Header", input: "names", required: true, start: "Location" },
  ] },
  { kind: "responses", record: "ResponsesFault", title: "A script, request by request", fields: [
    { name: "responses", label: "Items, as JSON", input: "json", required: true, start: '[{"kind": "status", "code": 500, "repeat": 2}, "pass"]' },
    { name: "then", label: "Then", input: "choice", choices: ["cycle", "pass"], none: "last" },
  ] },
];

/** Which requests: the first ones are shown at once, those with `rare` when asked for. */
export const WHEN = [
  { name: "event_type", label: "Event type", input: "names", placeholder: "any", list: "event-types" },
  { name: "nth_event", label: "The nth of its type", input: "ints", placeholder: "every" },
  { name: "nth_session", label: "The nth session", input: "ints", placeholder: "every" },
  { name: "session_id", label: "Session id", input: "names", placeholder: "any" },
  { name: "in_ad", label: "Inside an ad", input: "yesno" },
  { name: "in_break", label: "Inside an ad break", input: "yesno" },
  { name: "media_id", label: "Content, media.id", input: "names", placeholder: "clip-*", rare: true },
  { name: "player_name", label: "Player", input: "names", rare: true },
  { name: "library_version", label: "Library version", input: "names", placeholder: "android-media-*", rare: true },
  { name: "where", label: "Conditions on the body, one a line", input: "lines", placeholder: "/params/media.id=clip-7", rare: true },
  { name: "header", label: "Conditions on headers, one a line", input: "lines", placeholder: "user-agent*=Roku", rare: true },
  { name: "operation", label: "Operation", input: "names", placeholder: "start, event", rare: true },
  { name: "outcome", label: "Outcome, at stage response", input: "names", placeholder: "accepted", rare: true },
  { name: "status", label: "Status, at stage response", input: "ints", rare: true },
  { name: "playhead_s", label: "Playhead, s", input: "range", rare: true },
  { name: "session_age_s", label: "Age of the session, s", input: "range", rare: true },
  { name: "namespace", label: "Namespace", input: "names", rare: true },
];

/** When it strikes, and how often. */
export const RULE = [
  { name: "stage", label: "Stage", input: "choice", choices: ["response"], none: "request" },
  { name: "times", label: "At most, times", input: "int", placeholder: "no limit", start: "1" },
  { name: "skip", label: "Let pass first", input: "int", placeholder: "0" },
  { name: "every", label: "Then every nth", input: "int", placeholder: "1" },
  { name: "probability", label: "Probability, 0 to 1", input: "number", placeholder: "1" },
  { name: "ttl_ms", label: "Over after, ms", input: "int", placeholder: "never" },
  { name: "name", label: "Name", input: "text", placeholder: "for lists and reports" },
  { name: "enabled", label: "In force", input: "yesno", choices: ["false"], none: "yes" },
];
