/**
 * This very thread: no way to anywhere, and nobody else meanwhile. For models and bodies that together cost a fraction of a
 * millisecond, which the way to another thread would double.
 * @module
 */
import { serveModels } from "./child/serve-models.ts";
import type { StartHost } from "./host.ts";

export const startHere: StartHost = ({ outcome }) => {
  const work = serveModels();
  return {
    send: async (task) => {
      const done = work(task);
      if (done !== undefined) outcome(done);
    },
    // Nothing is under way that could be ended.
    kill: () => {},
  };
};
