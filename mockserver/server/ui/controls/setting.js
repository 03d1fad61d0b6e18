// A setting by its JSON schema: its input, its text, and whether it changed. Pure functions.

const NOTHING = "none"; // the text for null

/** The field for a setting, as fields.js takes it. */
export function fieldOf(name, schema, explained) {
  const label = name.replace("thresholds/", "");
  const types = [schema.type].flat();
  const nullable = types.includes("null");
  const kind = { ...schema, type: types[0] };
  const byDefault = "default" in schema ? inputText(schema.default) : undefined;
  const common = { name, label, placeholder: nullable ? NOTHING : byDefault, nullable };
  if (kind.enum) return { ...common, input: "choice", choices: kind.enum, none: NOTHING, required: !nullable, fixed: true };
  if (kind.type === "boolean") return { ...common, input: "choice", choices: ["true", "false"], required: true, fixed: true };
  if (kind.type === "integer") return { ...common, input: "int" };
  if (kind.type === "number") return { ...common, input: "number" };
  if (kind.type === "array" && kind.items?.type === "string") return { ...common, input: "names" };
  if (kind.type === "string") return { ...common, input: "text" };
  return { ...common, input: "json", rows: 2 };
}

/** A value as its field shows it. */
export function inputText(value) {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value.join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The members of a PATCH: those of `given` that differ from `inForce`. Thresholds are sent together: a PATCH replaces all. */
export function changesOf(given, inForce, explained) {
  const members = explained.of("Settings").members;
  const body = {};
  for (const [name, value] of given) {
    if (name.startsWith("thresholds/")) continue;
    const wanted = meant(value, members[name]?.schema, inForce[name]);
    if (JSON.stringify(wanted) !== JSON.stringify(inForce[name])) body[name] = wanted;
  }
  const thresholds = changedThresholds(given, inForce, explained);
  if (thresholds) body.thresholds = thresholds;
  return body;
}

function changedThresholds(given, inForce, explained) {
  const members = explained.of("Thresholds").members;
  const wanted = Object.entries(inForce.thresholds ?? {}).map(([name, now]) => [name, now, given.get(`thresholds/${name}`) ?? members[name]?.schema.default]);
  if (wanted.every(([, now, value]) => now === value)) return null;
  return Object.fromEntries(wanted.filter(([name, , value]) => value !== members[name]?.schema.default).map(([name, , value]) => [name, value]));
}

/** The value of a setting from that of its field: an empty field means an empty list, null, or the default. */
function meant(value, schema = {}, now = null) {
  if (value === undefined) {
    if (Array.isArray(now)) return [];
    return [schema.type].flat().includes("null") ? null : schema.default ?? null;
  }
  if (Array.isArray(now)) return [value].flat();
  if (typeof now === "boolean") return value === "true";
  if (typeof now === "number" && typeof value === "string") return Number(value);
  return value;
}
