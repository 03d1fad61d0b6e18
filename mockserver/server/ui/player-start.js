// What follows when a simulated player was started: the server plays against itself.
/** @import { Api } from "./api.js" */

const LOOK_MS = 150;

/**
 * Return the id of the session of a player as soon as it has one; null when `over()` says that nobody waits for it any
 * more, or when the player is gone or has ended. Throws when it fails before it has a session.
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
