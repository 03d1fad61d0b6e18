// Finding the session of a simulated player after it was started.
/** @import { Api } from "./api.js" */

const LOOK_MS = 150;

/**
 * Return the session id of a player as soon as it has one; null if `over()` returns true, or if the player is gone or has
 * ended. Throws if the player fails before it has a session.
 * @param {Api} api
 */
export async function sessionOf(api, { id }, over = () => false) {
  for (;;) {
    const { players } = await api.get("/players");
    const mine = players.find((player) => player.id === id);
    if (!mine || over()) return null;
    if (mine.session_ids.length) return mine.session_ids[0];
    if (mine.state === "failed") throw new Error(mine.error ?? "The player failed.");
    if (mine.state !== "running") return null;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
