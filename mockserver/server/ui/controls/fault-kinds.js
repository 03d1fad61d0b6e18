// The parts of a fault rule: its kinds and their fields, which requests it matches, how often it applies. The kinds and all
// explanations come from the server. `input` is the kind of input; see fields.js.

/** The kinds of faults, as the server describes them: `{kind, record, title, fields}`. `explained` is what descriptions.js read. */
export function kindsOf(explained) {
  const { mapping } = explained.of("Fault").schema.discriminator;
  return Object.entries(mapping).filter(([kind]) => kind !== "pass").map(([kind, ref]) => { // which is for items of a script
    const record = ref.split("/").pop();
    const { schema, members } = explained.of(record);
    const names = Object.keys(members).filter((name) => name !== "kind" && name !== "repeat");
    return { kind, record, title: schema["x-label"], fields: names.map((name) => fieldOf(name, members[name].schema, schema.required.includes(name))) };
  });
}

function fieldOf(name, schema, required) {
  const example = schema.examples?.[0];
  const input = inputOf(schema, required);
  const start = input.input === "names" ? example?.join(", ") : example;
  return {
    name,
    label: schema["x-label"] ?? (name[0].toUpperCase() + name.slice(1)).replaceAll("_", " "),
    required,
    start: start === undefined || typeof start === "string" ? start : JSON.stringify(start),
    ...input,
  };
}

function inputOf(schema, required) {
  if (schema.enum) return { input: "choice", choices: schema.enum.filter((choice) => required || choice !== schema.default), none: schema.default };
  const type = [schema.type].flat()[0];
  if (type === "array") return { input: schema.items.type === "string" ? "names" : "json" };
  return { input: { integer: "int", number: "number", string: "text", object: "headers" }[type] ?? "any" };
}

/** Which requests a rule matches; fields with `rare` are shown on demand. */
export const WHEN = [
  { name: "event_type", label: "Event type", input: "names", placeholder: "any", list: "event-types" },
  { name: "nth_event", label: "Nth event of its type", input: "ints", placeholder: "every", rare: true },
  { name: "nth_session", label: "Nth session", input: "ints", placeholder: "every", rare: true },
  { name: "session_id", label: "Session id", input: "names", placeholder: "any", rare: true },
  { name: "in_ad", label: "Inside an ad", input: "yesno", rare: true },
  { name: "in_break", label: "Inside an ad break", input: "yesno", rare: true },
  { name: "media_id", label: "Content, media.id", input: "names", placeholder: "clip-*", rare: true },
  { name: "player_name", label: "Player", input: "names", rare: true },
  { name: "library_version", label: "Library version", input: "names", placeholder: "android-media-*", rare: true },
  { name: "where", label: "Conditions on the body, one per line", input: "lines", placeholder: "/params/media.id=clip-7", rare: true },
  { name: "header", label: "Conditions on headers, one per line", input: "lines", placeholder: "user-agent*=Roku", rare: true },
  { name: "operation", label: "Operation", input: "names", placeholder: "start, event", rare: true },
  { name: "outcome", label: "Outcome (stage response)", input: "names", placeholder: "accepted", rare: true },
  { name: "status", label: "Status (stage response)", input: "ints", rare: true },
  { name: "playhead_s", label: "Playhead, s", input: "range", rare: true },
  { name: "session_age_s", label: "Session age, s", input: "range", rare: true },
  { name: "namespace", label: "Namespace", input: "names", rare: true },
];

/** When it applies, and how often; `rare` as above. */
export const RULE = [
  { name: "stage", label: "Stage", input: "choice", choices: ["response"], none: "request", rare: true },
  { name: "times", label: "Apply at most, times", input: "int", placeholder: "no limit", start: "1" },
  { name: "skip", label: "Skip the first", input: "int", placeholder: "0", rare: true },
  { name: "every", label: "Then every nth", input: "int", placeholder: "1", rare: true },
  { name: "probability", label: "Probability, 0 to 1", input: "number", placeholder: "1", rare: true },
  { name: "ttl_ms", label: "Expires after, ms", input: "int", placeholder: "never", rare: true },
  { name: "name", label: "Name", input: "text", placeholder: "for lists and reports", rare: true },
  { name: "enabled", label: "Enabled", input: "yesno", choices: ["false"], none: "yes", rare: true },
];
