// The records of the admin API. Made from the records of the server: make golden writes it anew.

/** What a GET answers, by its path. */
export interface Answers {
  "/health": Health;
  "/ready": Health;
  "/version": Version;
  "/summary": Summary;
  "/sessions": SessionPage;
  "/findings": FindingPage;
  "/events": EventPage;
  "/faults": FaultPage;
  "/stories": StoryPage;
  "/armed": ArmedView;
  "/settings": Settings;
  "/clock": ClockReading;
  "/namespaces": NamespacePage;
  "/players": PlayerPage;
  "/addresses": Addresses;
}

/** One ad, as its ad start and ad close calls report it. */
export interface AdReport {
  metrics: Metric[];
  number: number;
  break_number: number;
  ended_by: string | null;
  reported: boolean;
  dimensions: Record<string, any>;
}

/** One address of the server, for players. */
export interface Address {
  url: string;
  kind: "loopback" | "lan" | "emulator" | "name";
}

/** The addresses of a server. */
export interface Addresses {
  addresses: Address[];
  best: string;
  open_to_others: boolean;
  https: boolean;
}

/** What makes a namespace behave differently than after its start. */
export interface ArmedView {
  faults: number;
  story: string | null;
  story_title: string | null;
  settings: ChangedSetting[];
  clock: ClockReading;
  ahead_ms: number;
  follows_ts: boolean;
  evicted: number;
  started_ms: number;
}

/** One difference between two sessions. */
export interface Change {
  of: "event" | "key" | "playhead" | "time" | "interval" | "pings" | "metric" | "finding";
  event: string;
  name: string;
  before: any;
  after: any;
  before_seq: number | null;
  after_seq: number | null;
}

/** A setting that is not as it was at the start. */
export interface ChangedSetting {
  name: string;
  start: any;
  value: any;
  story: string | null;
}

/** One chapter, as its close call reports it. For the members see :class:`AdReport`. */
export interface ChapterReport {
  metrics: Metric[];
  number: number;
  ended_by: string | null;
  dimensions: Record<string, any>;
}

/** One choice, and what it does in one sentence. */
export interface Choice {
  name: string;
  text: string;
}

/** Move or stop the clock. */
export interface ClockCommand {
  action: "freeze" | "resume" | "advance" | "set" | "rate" | "follow_ts" | "reset";
  ms?: number | null;
  seconds?: number | null;
  minutes?: number | null;
  hours?: number | null;
  at_ms?: number | null;
  rate?: number | null;
}

/** What the clock shows. */
export interface ClockReading {
  now_ms: number;
  frozen: boolean;
  rate: number;
}

/** Close the connection without an answer: the client sees the end of the stream (FIN). */
export interface CloseFault {
  kind: "close";
  repeat?: number;
}

export type ClosedBy = "session_end" | "idle" | "stall" | "max_age" | "expired" | "complete";

/** What to compare a session with, and what does not count as a difference. */
export interface ComparisonQuery {
  after: string;
  seconds?: number;
  volatile?: boolean;
  ignore?: string | string[];
}

/** What is played, and by which player, from the sessionStart: Adobe's ``media.*`` keys of the same name. */
export interface Content {
  media_id: string | null;
  media_name: string | null;
  content_type: string | null;
  stream_type: string | null;
  player_name: string | null;
  library_version: string | null;
}

/** Which sessions are about a content. All that is given must hold; a list means any of its values. */
export interface ContentCriteria {
  media_id?: string | string[] | null;
  media_name?: string | string[] | null;
  content_type?: string | string[] | null;
  stream_type?: string | string[] | null;
  player_name?: string | string[] | null;
  library_version?: string | string[] | null;
  where?: string | string[];
}

/** What every session of one content must report. */
export interface ContentPlan {
  name: string;
  when?: ContentCriteria;
  exactly?: number | null;
  at_least?: number | null;
  at_most?: number | null;
  events?: ExpectedEvent[];
  sequence?: (Query | string)[];
  allow_others?: boolean;
  states?: (ExpectedName | string)[] | null;
  chapters?: (ExpectedName | string)[] | null;
  never?: (Query | string)[];
  unplanned_events?: "allow" | "miss";
  allow_findings?: string[];
}

/** How many entries match; ``journal_complete`` is false if dropped entries could have matched. */
export interface CountResult {
  count: number;
  journal_complete: boolean;
}

/** How much of a plan a run tried. */
export interface Coverage {
  planned: number;
  tried: number;
  percent: number;
  untried: string[];
  items: CoverageItem[];
}

/** One thing that a plan names, and how often it was tried. */
export interface CoverageItem {
  kind: "content" | "event" | "key" | "value" | "state" | "chapter";
  content: string;
  name: string;
  event: number | null;
  value: any;
  tried: number;
}

/** When a session will close or be forgotten if nothing else happens; None where no limit applies. */
export interface Deadlines {
  idle_ms: number | null;
  stall_ms: number | null;
  max_age_ms: number | null;
  forget_ms: number | null;
}

/** Wait, in milliseconds of the emulated clock; on a frozen clock it waits for an advance. */
export interface DelayFault {
  kind: "delay";
  repeat?: number;
  ms?: number | null;
  lower?: number | null;
  upper?: number | null;
  median?: number | null;
  sigma?: number | null;
}

export type Delivery = "sent" | "cut" | "client_gone" | "pending";

/** One field that does not match; ``field`` is a field of the query or a JSON pointer into the event. */
export interface Difference {
  field: string;
  expected: any;
  actual: any;
}

/** A random number drawn for a fault rule; it decided a ``probability`` or a delay. */
export interface Draw {
  fault_id: string;
  value: number;
  fired: boolean;
}

/** Send the answer in pieces. */
export interface DribbleFault {
  kind: "dribble";
  repeat?: number;
  chunks: number;
  total_ms: number;
}

/** Leave a header field out of the answer, for example ``Location`` or ``Access-Control-Expose-Headers``. */
export interface DropHeaderFault {
  kind: "drop_header";
  repeat?: number;
  name: string | string[];
}

/** Process the request twice and answer it once, as when a proxy repeats it. */
export interface DuplicateFault {
  kind: "duplicate";
  repeat?: number;
}

/** One request of the journal. The last six members are left out when they have nothing to say. */
export interface Entry {
  seq: number;
  at_ms: number;
  operation: Operation;
  session_id: string | null;
  event_type: string | null;
  event: any;
  outcome: Outcome;
  violations: Violation[];
  fault_ids: string[];
  draws: Draw[];
  request: RecordedRequest;
  response: RecordedResponse | null;
  delivery: Delivery;
  held_ms?: number;
  received?: number;
  dialect?: string;
  normal?: any;
  forwarded?: ForwardedAnswer | null;
  surroundings?: Surroundings | null;
}

/** A page of the journal, in ascending ``seq``. */
export interface EventPage {
  events: Entry[];
  meta: Meta;
}

/** Which entries to list; the conditions of a query, and more that only a list has. */
export interface EventQuery {
  session_id?: string | string[] | null;
  event_type?: string | string[] | null;
  outcome?: Outcome | Outcome[] | null;
  status?: number | number[] | null;
  fault_id?: string | string[] | null;
  operation?: Operation | Operation[] | null;
  where?: string | string[];
  since?: number;
  limit?: number;
  q?: string;
  finding?: string;
  min_severity?: Severity | null;
  sort?: "seq" | "event_type" | "status" | "-seq" | "-event_type" | "-status";
  skip?: number;
  surroundings?: boolean;
}

/** One thing that a good player does or does not do. */
export interface Expectation {
  says: string;
  query?: Query | null;
  sequence?: (Query | string)[] | null;
  exactly?: number | null;
  at_least?: number | null;
  at_most?: number | null;
  order?: "processing" | "arrival";
  no_findings?: string[];
}

/** Whether an expectation is met. */
export interface ExpectationView {
  says: string;
  met: boolean;
  final: boolean;
  message: string;
}

/** One kind of event that a session must report. Only events that the API accepted count. */
export interface ExpectedEvent {
  event_type: string;
  where?: string | string[];
  says?: string;
  exactly?: number | null;
  at_least?: number | null;
  at_most?: number | null;
  params?: Record<string, KeyRule | string | number | boolean>;
  customMetadata?: Record<string, KeyRule | string | number | boolean>;
  qoeData?: Record<string, KeyRule | string | number | boolean>;
  playerTime?: Record<string, KeyRule | string | number | boolean>;
  unplanned_keys?: "allow" | "miss";
}

/** A player state or a chapter, by its name, and how often it must start in a session. */
export interface ExpectedName {
  name: string;
  exactly?: number | null;
  at_least?: number | null;
  at_most?: number | null;
}

/** Close sessions for good, as ``POST /sessions/{sid}/expire`` does. */
export interface ExpireFault {
  kind: "expire";
  repeat?: number;
  sessions?: "own" | "all";
}

/** Which entries to export, and how. ``limit``, ``sort``, ``skip`` and ``surroundings`` change nothing. */
export interface ExportQuery {
  session_id?: string | string[] | null;
  event_type?: string | string[] | null;
  outcome?: Outcome | Outcome[] | null;
  status?: number | number[] | null;
  fault_id?: string | string[] | null;
  operation?: Operation | Operation[] | null;
  where?: string | string[];
  since?: number;
  limit?: number;
  q?: string;
  finding?: string;
  min_severity?: Severity | null;
  sort?: "seq" | "event_type" | "status" | "-seq" | "-event_type" | "-status";
  skip?: number;
  surroundings?: boolean;
  format?: "ndjson" | "har";
}

/** A rule to replace another. You may send back a changed answer of the server: these members are ignored. */
export interface FaultEdit {
  fault: StatusFault | OutcomeFault | ExpireFault | ForgetFault | DelayFault | DuplicateFault | ResetFault | CloseFault | HangFault | RefuseFault | TruncateFault | GarbleFault | DribbleFault | LocationFault | DropHeaderFault | ResponsesFault | Pass;
  when?: When;
  stage?: Stage;
  name?: string | null;
  skip?: number;
  times?: number | null;
  every?: number;
  probability?: number;
  ttl_ms?: number | null;
  enabled?: boolean;
  id?: string;
  created_ms?: number;
  seen?: number;
  applied?: number;
  note?: string;
}

/** Fault rules in order of creation, with their counters. */
export interface FaultPage {
  faults: FaultRule[];
  meta: Meta;
}

/** A rule in force, with its counters. */
export interface FaultRule {
  fault: StatusFault | OutcomeFault | ExpireFault | ForgetFault | DelayFault | DuplicateFault | ResetFault | CloseFault | HangFault | RefuseFault | TruncateFault | GarbleFault | DribbleFault | LocationFault | DropHeaderFault | ResponsesFault | Pass;
  when: When;
  stage: Stage;
  name: string | null;
  skip: number;
  times: number | null;
  every: number;
  probability: number;
  ttl_ms: number | null;
  enabled: boolean;
  id: string;
  created_ms: number;
  seen: number;
  applied: number;
  note?: string;
}

/** A rule as a user writes it. */
export interface FaultSpec {
  fault: StatusFault | OutcomeFault | ExpireFault | ForgetFault | DelayFault | DuplicateFault | ResetFault | CloseFault | HangFault | RefuseFault | TruncateFault | GarbleFault | DribbleFault | LocationFault | DropHeaderFault | ResponsesFault | Pass;
  when?: When;
  stage?: Stage;
  name?: string | null;
  skip?: number;
  times?: number | null;
  every?: number;
  probability?: number;
  ttl_ms?: number | null;
  enabled?: boolean;
}

/** One mistake of a player. */
export interface Finding {
  code: string;
  severity: Severity;
  message: string;
  consequence: string;
  session_id: string | null;
  seqs: number[];
  source: string;
  follows_from?: string | null;
}

/** Findings, worst first; ``since`` and ``next`` number them from 1. */
export interface FindingPage {
  findings: Finding[];
  meta: Meta;
  journal_complete: boolean;
}

/** Which findings to list. */
export interface FindingQuery {
  session_id?: string | null;
  code?: string | string[] | null;
  min_severity?: Severity;
  seq?: number | null;
  loose?: boolean;
  since?: number;
  limit?: number;
}

/** Forget sessions, as a back end that restarts without its memory does: their next events get 404. */
export interface ForgetFault {
  kind: "forget";
  repeat?: number;
  sessions?: "own" | "all";
}

/** What the endpoint answered to which a server also forwards requests. */
export interface ForwardedAnswer {
  response: RecordedResponse | null;
  failure?: string;
}

/** Replace the status line of the answer with bytes that are not HTTP, and close the connection after it. */
export interface GarbleFault {
  kind: "garble";
  repeat?: number;
}

/** Never answer and keep the connection open until the client leaves or the server stops. */
export interface HangFault {
  kind: "hang";
  repeat?: number;
}

/** Liveness and readiness. */
export interface Health {
  status: "ok";
}

/** What was added from a recording. */
export interface ImportResult {
  requests: number;
  left_out: number;
  without_body: number[];
  sessions: string[];
  since: number;
  until_ms: number;
}

/** What one key of an event must be. All that is given must hold. */
export interface KeyRule {
  required?: boolean;
  forbidden?: boolean;
  type?: "string" | "integer" | "number" | "boolean" | "list" | "object" | null;
  equals?: string | number | boolean | null;
  one_of?: (string | number | boolean)[];
  pattern?: string | null;
  at_least?: number | null;
  at_most?: number | null;
}

/** Spans of one kind, in order of time; every player state has a lane of its own. */
export interface Lane {
  name: "playback" | "break" | "ad" | "chapter" | "state" | "quality" | "silence";
  label: string;
  spans: Span[];
}

/** What went on in a session as the back end sees it, from the events in order of processing. */
export interface Lanes {
  session_id: string;
  from_ms: number | null;
  to_ms: number | null;
  lanes: Lane[];
  journal_complete: boolean;
}

/** Change the ``Location`` of the answer; an answer without one is not changed. */
export interface LocationFault {
  kind: "location";
  repeat?: number;
  value: string;
}

/** About a list. */
export interface Meta {
  total: number;
  evicted: number;
  next: number | null;
}

/** One number, or one computed dimension. */
export interface Metric {
  name: string;
  label: string;
  key: string | null;
  xdm: string | null;
  value: any;
  exact: any;
  why: Part[];
}

/** An event in one of two sessions that are shown side by side. */
export interface Moment {
  seq: number;
  index: number | null;
  event_type: string | null;
  at_s: number | null;
  playhead_s: number | null;
}

/** Namespaces in order of creation; the one without a prefix is called ``default``. */
export interface NamespacePage {
  namespaces: NamespaceView[];
  meta: Meta;
}

/** One namespace in a list. */
export interface NamespaceView {
  name: string;
  requests: number;
  sessions: number;
}

/** An entry that nearly matched: a distance of 0 would be a match, at 1 nothing matches. */
export interface NearMiss {
  event: Entry;
  distance: number;
  differences: Difference[];
}

/** An event that nearly met a check. */
export interface NearestEvent {
  seq: number;
  index: number | null;
  text: string;
  differences: Difference[];
}

/** Something to know about the numbers. */
export interface Note {
  seqs: number[];
  text: string;
  readings: Record<string, Record<string, any>>;
}

export type Operation = "start" | "event" | "download" | "schema" | "preflight" | "other";

export type Outcome = "opened" | "accepted" | "invalid" | "unknown_session" | "session_closed" | "no_route" | "not_processed" | "answered";

/** Answer as if the session were unknown (404) or closed (410). The session itself does not change. */
export interface OutcomeFault {
  kind: "outcome";
  repeat?: number;
  outcome: "unknown_session" | "session_closed";
}

/** Which part of a list to show. */
export interface PageQuery {
  since?: number;
  limit?: number;
}

/** One part of a number. */
export interface Part {
  seqs: number[];
  value: any;
  note: string;
}

/** Do nothing to this request: an item of a ``responses`` script. The word ``"pass"`` alone means the same. */
export interface Pass {
  kind: "pass";
  repeat?: number;
}

export type Phase = "open" | "completed" | "closed" | "forgotten";

/** One demand of a plan, and whether it is met. */
export interface PlanCheck {
  kind: "content" | "sessions" | "event" | "key" | "sequence" | "state" | "chapter" | "never" | "unplanned" | "finding" | "expectation";
  says: string;
  met: boolean;
  seen: string;
  pointer: string;
  line: number | null;
  content: string | null;
  session_id: string | null;
  code: string | null;
  seqs: number[];
  nearest: NearestEvent[];
}

/** The result of a plan. */
export interface PlanResult {
  title: string;
  followed: boolean;
  met: number;
  missed: number;
  checks: PlanCheck[];
  sessions: PlannedSession[];
  coverage: Coverage;
  journal_complete: boolean;
}

/** One session, judged by the content of the plan that it belongs to. */
export interface PlannedSession {
  session_id: string;
  media_id: string | null;
  content: string | null;
  followed: boolean;
  checks: PlanCheck[];
}

/** Start simulated players that play against this server. */
export interface PlayerCommand {
  count?: number;
  content?: string;
  flaw?: string | null;
  speed?: number | "max";
  seed?: number | null;
  dialect?: string;
}

/** Simulated players, oldest first, and what players can play. */
export interface PlayerPage {
  players: PlayerView[];
  contents: Choice[];
  flaws: Choice[];
  most: number;
  meta: Meta;
}

/** One simulated player. */
export interface PlayerView {
  id: string;
  content: string;
  title: string;
  flaw: string | null;
  seed: number;
  speed: number | "max";
  dialect: string;
  state: "running" | "done" | "stopped" | "failed";
  session_ids: string[];
  events: number;
  refused: number;
  last_event: string | null;
  last_status: number | null;
  error: string | null;
}

/** An error document (RFC 9457). */
export interface Problem {
  title: string;
  status: number;
  detail: string;
  code: string;
  type: string;
  pointer: string | null;
}

/** Conditions on an entry; all must hold, and a list means any of its values. One value alone is a list of one. */
export interface Query {
  session_id?: string | string[] | null;
  event_type?: string | string[] | null;
  outcome?: Outcome | Outcome[] | null;
  status?: number | number[] | null;
  fault_id?: string | string[] | null;
  operation?: Operation | Operation[] | null;
  where?: string | string[];
  since?: number;
  limit?: number;
}

/** A range of numbers; a bound that is left out sets no limit. */
export interface Range {
  at_least?: number | null;
  below?: number | null;
}

/** The request as it was sent; only the values of ``Authorization`` and ``Cookie`` are masked. */
export interface RecordedRequest {
  method: string;
  path: string;
  headers: [string, string][];
  body: string;
  body_encoding: "utf-8" | "base64";
}

/** The response as it was sent, or as it would have been sent without a fault on the connection. */
export interface RecordedResponse {
  status: number;
  headers: [string, string][];
  body: string;
  body_encoding: "utf-8" | "base64";
}

/** Reset the connection and refuse new ones for a while: the server stops listening (ECONNREFUSED). */
export interface RefuseFault {
  kind: "refuse";
  repeat?: number;
  duration_ms: number;
}

/** What to reset; everything when ``only`` is left out. */
export interface ResetCommand {
  only?: ("journal" | "sessions" | "faults" | "clock" | "settings")[] | null;
}

/** Reset the connection: the client sees a real RST (ECONNRESET). */
export interface ResetFault {
  kind: "reset";
  repeat?: number;
}

/** A script: one item for each request that the rule hits, in order. */
export interface ResponsesFault {
  kind: "responses";
  repeat?: number;
  responses: (StatusFault | OutcomeFault | ExpireFault | ForgetFault | DelayFault | DuplicateFault | ResetFault | CloseFault | HangFault | RefuseFault | TruncateFault | GarbleFault | DribbleFault | LocationFault | DropHeaderFault | Pass | "pass")[];
  then?: "last" | "cycle" | "pass";
}

/** Two events that correspond, or one that has no counterpart. */
export interface Row {
  before: Moment | null;
  after: Moment | null;
  changes: number[];
}

/** A rule of the catalogue of findings. */
export interface RuleView {
  code: string;
  severity: Severity;
  dialects: string[];
  trigger: string;
  consequence: string;
  tolerance: string;
  source: string;
}

/** Open or close a session without a client; without ``sid`` a new session with a new id. */
export interface SessionCommand {
  sid?: string | null;
  phase?: Phase;
}

/** Two sessions of one viewing. */
export interface SessionComparison {
  before: SessionView;
  after: SessionView;
  changes: Change[];
  rows: Row[];
}

/** Sessions, newest last. */
export interface SessionPage {
  sessions: SessionView[];
  meta: Meta;
}

/** Which sessions to list; all conditions must hold. */
export interface SessionQuery {
  since?: number;
  limit?: number;
  before?: number | null;
  q?: string;
  finding?: string;
  min_severity?: Severity | null;
  phase?: Phase | Phase[] | null;
  findings?: boolean;
  sort?: "opened" | "content" | "player" | "phase" | "events" | "findings" | "closes" | "-opened" | "-content" | "-player" | "-phase" | "-events" | "-findings" | "-closes";
  skip?: number;
}

/** Everything the back end would compute from one session. */
export interface SessionReport {
  metrics: Metric[];
  session_id: string;
  as_of_ms: number;
  final: boolean;
  reported: boolean;
  summary: string[];
  ratios: Metric[];
  ads: AdReport[];
  chapters: ChapterReport[];
  states: StateReport[];
  dimensions: Record<string, any>;
  built_in_segments: string[];
  notes: Note[];
}

/** Other lifetimes for sessions whose sessionStart meets every condition of ``where``. */
export interface SessionRule {
  where: string[];
  idle_timeout_s?: number | null;
  stall_timeout_s?: number | null;
  max_age_s?: number | null;
  retention_s?: number | null;
}

/** A session as it is at the present time of the emulated clock. Times are milliseconds of that clock. */
export interface SessionView {
  session_id: string;
  sid: string;
  seq: number;
  dialect: string;
  phase: Phase;
  closed_by: ClosedBy | null;
  opened_ms: number;
  last_event_ms: number;
  closed_ms: number | null;
  age_ms: number;
  events: number;
  refused: number;
  struck: number;
  complete: boolean;
  downloaded: boolean;
  playhead_s: number;
  content: Content;
  deadlines: Deadlines;
  grace_ms: Record<string, number>;
  findings: Record<string, number> | null;
  worst: string | null;
}

/** All settings of one namespace, with their defaults. */
export interface Settings {
  idle_timeout_s?: number | null;
  stall_timeout_s?: number | null;
  max_age_s?: number | null;
  retention_s?: number | null;
  grace_s?: number | null;
  idle_ignores_ads?: boolean;
  session_rules?: SessionRule[];
  complete_closes?: boolean;
  after_end?: 410 | 204 | 404;
  check_order?: "schema-first" | "session-first";
  content_type?: "lenient" | "strict";
  schema_profile?: "sdk-union" | "open";
  docs_lenient?: boolean;
  states_update?: boolean;
  sessions_array?: "accept" | "reject";
  batch_location?: boolean;
  reorder_window_s?: number;
  reorder_window_n?: number;
  ties?: "semantic" | "arrival";
  progress_on_seek?: "fire" | "skip";
  segment_format?: "range" | "five_minute";
  unclosed_break?: "count" | "void";
  error_stops_playback?: boolean;
  resume_suppresses_start?: boolean;
  bitrate_unit?: "as-sent" | "bps" | "kbps";
  credit_tail_s?: number;
  path_prefixes?: string[];
  "cors.allow_any_header"?: boolean;
  "cors.max_age"?: number | null;
  edge_datastreams?: string[];
  edge_datastream_on_events?: boolean;
  edge_start_timestamp?: boolean;
  edge_integers?: "strict" | "lenient";
  edge_after_end?: 404 | 410;
  edge_org?: string;
  edge_ping_s?: number | null;
  edge_ad_ping_s?: number | null;
  edge_max_body_bytes?: number;
  fault_header?: boolean;
  fast_path?: boolean;
  max_body_bytes?: number;
  max_entries?: number;
  max_journal_bytes?: number;
  max_sessions?: number;
  max_faults?: number;
  max_held?: number;
  max_waiters?: number;
  max_streams?: number;
  max_namespaces?: number;
  max_server_bytes?: number;
  max_connections?: number;
  max_incoming_bytes?: number;
  header_timeout_s?: number;
  thresholds?: Thresholds;
}

export type Severity = "error" | "warning" | "info";

/** A span of time in which one thing goes on. */
export interface Span {
  kind: string;
  label: string;
  from_ms: number;
  to_ms: number;
  first_seq: number;
  last_seq: number;
  ended_by: string | null;
}

export type Stage = "request" | "response";

/** One player state; ``name`` in lower case, as the back end writes it. */
export interface StateReport {
  metrics: Metric[];
  name: string;
}

/** Answer with a status, 200 to 599. */
export interface StatusFault {
  kind: "status";
  repeat?: number;
  code: number;
  body?: any;
  headers?: Record<string, string | number>;
}

/** A scenario that players must survive. */
export interface Story {
  title: string;
  symptom: string;
  description: string;
  player: string;
  clients?: string;
  settings?: Record<string, any>;
  faults?: FaultSpec[];
  expect?: Expectation[];
  content?: ContentPlan[];
  silence_s?: number;
  watch_s?: number;
}

/** The stories that can be started, in order of their names, without expectations. */
export interface StoryPage {
  stories: StoryView[];
  meta: Meta;
}

/** A story as the admin API shows it, with every step of a sequence as a query. */
export interface StoryView {
  name: string;
  origin: string;
  story: Story;
  state: "idle" | "waiting" | "running" | "over";
  verdict: "passed" | "failed" | null;
  started_ms: number | null;
  since: number | null;
  remaining_ms: number | null;
  faults: FaultRule[];
  expectations: ExpectationView[];
}

/** Wait for news of a story: the next entry, or its end on the emulated clock. */
export interface StoryWait {
  since?: number;
  timeout_ms?: number;
}

/** Counts of what the journal holds. */
export interface Summary {
  requests: number;
  events: Record<string, number>;
  outcomes: Record<string, number>;
  statuses: Record<string, number>;
  sessions: Record<string, number>;
  evicted: number;
  findings: Record<string, number>;
}

/** What a list shows about an entry, in addition to the entry itself. */
export interface Surroundings {
  content: string | null;
  player: string | null;
  gap_ms: number | null;
  moved_s: number | null;
  findings: Record<string, Severity>;
}

/** The limits beyond which a finding is reported. Seconds unless the name says otherwise. */
export interface Thresholds {
  ping_gap_s?: number;
  ping_gap_error_s?: number;
  near_timeout_s?: number;
  ad_gap_s?: number;
  ad_gap_info_s?: number;
  too_fast_s?: number;
  immediate_ping_s?: number;
  late_s?: number;
  late_error_s?: number;
  skew_s?: number;
  trailing_ping_s?: number;
  over_length_s?: number;
  jump_s?: number;
  backwards_s?: number;
  timezone_s?: number;
  moves_in_ad_s?: number;
  moves_while_paused_s?: number;
  frozen_s?: number;
  burst_s?: number;
  content_start_s?: number;
  seek_s?: number;
  pause_at_end_s?: number;
  preroll_play_s?: number;
  preroll_race_s?: number;
  after_preroll_s?: number;
  ad_close_gap_s?: number;
  ad_overrun_s?: number;
  ad_complete_share?: number;
  pod_second_s?: number;
  chapter_offset_s?: number;
  second_close_s?: number;
  bitrate_low_kbps?: number;
  bitrate_high_kbps?: number;
  same_bitrate_s?: number;
  time_to_start_ms?: number;
  restart_s?: number;
  restart_playhead_s?: number;
  retry_storm?: number;
  session_storm?: number;
  session_storm_s?: number;
  event_storm?: number;
  event_storm_s?: number;
  clock_set_s?: number;
}

/** The events of a session: all as they arrived, and the accepted ones as the back end processes them. */
export interface Timeline {
  session_id: string;
  arrival: TimelineEntry[];
  processing: TimelineEntry[];
  journal_complete: boolean;
}

/** One event of a session. */
export interface TimelineEntry {
  seq: number;
  index: number | null;
  at_ms: number;
  event_type: string | null;
  ts_ms: number | null;
  playhead_s: number | null;
  outcome: Outcome;
  status: number | null;
  fault_ids: string[];
  late_ms: number;
  provisional: boolean;
}

/** Send the beginning of the answer, then close the connection. */
export interface TruncateFault {
  kind: "truncate";
  repeat?: number;
  after_bytes: number;
}

/** The result of a verification, and the reason if it failed. */
export interface Verification {
  verified: boolean;
  message: string;
  matched: Entry[];
  near_misses: NearMiss[];
  journal_complete: boolean;
}

/** Verify a count of entries, or of sessions in which a sequence occurs. */
export interface VerifyCommand {
  query?: Query | null;
  sequence?: (Query | string)[] | null;
  exactly?: number | null;
  at_least?: number | null;
  at_most?: number | null;
  timeout_ms?: number;
  order?: "processing" | "arrival";
}

/** What is running. */
export interface Version {
  name: string;
  version: string;
  api: string;
}

/** One reason for a 400, for the developer of the player. */
export interface Violation {
  path: string;
  rule: string;
  detail: string;
  normal_path?: string | null;
}

/** Count, find or wait. */
export interface WaitCommand {
  query?: Query;
  at_least?: number;
  timeout_ms?: number | null;
  silence_ms?: number | null;
}

/** How a wait ended, and the entries that match. */
export interface WaitResult {
  satisfied: boolean;
  count: number;
  events: Entry[];
  journal_complete: boolean;
}

/** Which requests a rule is about; all conditions must hold, and a list means any of its values. */
export interface When {
  session_id?: string | string[] | null;
  event_type?: string | string[] | null;
  outcome?: Outcome | Outcome[] | null;
  status?: number | number[] | null;
  operation?: Operation | Operation[] | null;
  where?: string | string[];
  nth_session?: number | number[] | null;
  nth_event?: number | number[] | null;
  in_ad?: boolean | null;
  in_break?: boolean | null;
  playhead_s?: Range | null;
  session_age_s?: Range | null;
  media_id?: string | string[] | null;
  player_name?: string | string[] | null;
  library_version?: string | string[] | null;
  namespace?: string | string[] | null;
  header?: string | string[];
}
