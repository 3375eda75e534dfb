/**
 * A route of which many answers are in memory, so that they are sent in front of the framework.
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";

export interface RememberedRoute {
  /** Answers if everything is in memory; false means that nothing was done. */
  readonly answerFromMemory: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Answers, asking the registry where necessary. */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}
