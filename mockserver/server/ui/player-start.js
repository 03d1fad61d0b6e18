// Starting a simulated player: the server plays against itself.

const LOOK_MS = 150;

/**
 * Start a player (`{flaw, content, speed}`) and return the id of its session as soon as it has one; null when `over()`
 * says that nobody waits for it any more. Throws when it cannot be started or fails before it has a session.
 */
export async function startPlayer(api, wanted, over = () => false) {
  let page = await api.post("/players", { count: 1, ...wanted });
  const { id } = page.players.at(-1);
  for (;;) {
    const mine = page.players.find((player) => player.id === id);
    if (!mine || over()) return null;
    if (mine.session_ids.length) return mine.session_ids[0];
    if (mine.state === "failed") throw new Error(mine.error ?? "The player failed.");
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    page = await api.get("/players");
  }
}
