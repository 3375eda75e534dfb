/**
 * How a command is carried out: with a session of its own, and an answer that is printed.
 * @module
 */
import type { Command } from "commander";
import type { Answer } from "./answer.ts";
import type { Session } from "./session.ts";

/** Runs a command and prints its answer; `main.ts` provides it. */
export type Run = (command: Command, work: (session: Session) => Promise<Answer>) => Promise<void>;
