/**
 * `mintmark status`: what runs on a data directory.
 * @module
 */
import { resolve } from "node:path";
import type { Command } from "commander";
import type { Answer } from "../answer.ts";
import type { Run } from "../run.ts";
import type { Session } from "../session.ts";
import { type TableColumn, table, state as word } from "../table.ts";
import { askReady } from "../up/ask-ready.ts";
import { startedDataDir } from "../up/data-dir.ts";
import type { KnownProcess } from "../up/process-id.ts";
import { memoryOf, runningSystem } from "../up/run-state.ts";
import { dataDirOption, examples } from "./options.ts";

export function addStatusCommand(program: Command, run: Run): void {
  const command = program.command("status").description("what runs on a data directory, and whether it can be used");
  command.addOption(dataDirOption("where `mintmark up` keeps everything"));
  examples(command, "mintmark status", "mintmark status --data-dir /srv/mintmark --json");
  command.action(({ dataDir }: { dataDir: string }) => run(command, (session) => status(session, dataDir)));
}

/** @throws AppError DATA_DIR_NOT_STARTED if the directory is none of ours */
export async function status({ cwd, signal }: Session, directory: string): Promise<Answer> {
  const dir = startedDataDir(resolve(cwd, directory));
  const system = runningSystem(dir);
  if (system === undefined)
    return {
      text: `nothing runs on ${dir.root}; start it with 'mintmark up'`,
      json: { data_dir: dir.root, running: false, ready: false, url: null, programs: [] },
      exitCode: 1,
    };
  const { state } = system;
  const ready = state !== undefined && (await isReady(state.url, signal));
  const programs = [{ name: "up", pid: system.pid, running: true }, ...system.programs].map((program) => ({
    ...program,
    memory_bytes: memoryOf(program.pid) ?? null,
  }));
  const summary =
    state === undefined ? "it is starting or stopping" : `${state.url} ${ready ? "is ready" : "does not answer"}`;
  return {
    text: (view) => [table(programColumns, programs, view), `data  ${dir.root}`, summary].join("\n"),
    json: {
      data_dir: dir.root,
      running: true,
      ready,
      url: state?.url ?? null,
      grpc_port: state?.grpc_port ?? null,
      registry_port: state?.registry_port ?? null,
      auth: state?.auth ?? null,
      started_at: state?.started_at ?? null,
      programs,
    },
    exitCode: ready ? 0 : 1,
  };
}

interface ProgramStatus extends KnownProcess {
  readonly memory_bytes: number | null;
}

const programColumns: readonly TableColumn<ProgramStatus>[] = [
  { heading: "PROGRAM", cell: ({ name }) => name },
  { heading: "PID", cell: ({ pid }) => pid },
  { heading: "STATE", cell: ({ running }) => (running ? word("running", "good") : word("ended", "bad")) },
  { heading: "MIB", cell: ({ memory_bytes: bytes }) => (bytes === null ? undefined : Math.round(bytes / 2 ** 20)) },
];

async function isReady(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(3_000)]);
    return (await askReady(url, patience)).isReady;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}
