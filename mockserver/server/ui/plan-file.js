// The tracking plan that was chosen or dropped: it is kept until another one is chosen or the browser tab is closed.

const KEY = "tracking-plan";
const MOST_MIB = 1;

/** @typedef {{ name: string, text: string }} PlanFile */

/** Whether a file is a tracking plan, by its name. */
export const isPlan = (file) => /\.toml$/i.test(file.name);

/**
 * The plan; null if none was chosen.
 *
 * @returns {PlanFile | null}
 */
export function chosenPlan() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  } catch {
    return null; // the storage may be forbidden
  }
}

/** Choose a file as the plan. */
export async function choosePlan(file) {
  if (file.size > MOST_MIB * 2 ** 20) throw new Error(`${file.name} is larger than ${MOST_MIB} MiB`);
  sessionStorage.setItem(KEY, JSON.stringify({ name: file.name, text: await file.text() }));
}
