/**
 * `mintmark doctor`: looks at everything that the system needs, and says the way out where something is wrong.
 * @module
 */
import { resolve } from "node:path";
import type { Command } from "commander";
import type { Answer } from "../answer.ts";
import { type Finding, failed } from "../doctor/finding.ts";
import { dataDirectory, disk, node, ports, postgres } from "../doctor/machine.ts";
import { clock, keys, lastWritten, server } from "../doctor/system.ts";
import type { Run } from "../run.ts";
import type { Session } from "../session.ts";
import { type DataDir, dataDir } from "../up/data-dir.ts";
import { type RunState, runningSystem } from "../up/run-state.ts";
import { printable, styled, type View } from "../view.ts";
import { dataDirOption, examples } from "./options.ts";

export function addDoctorCommand(program: Command, run: Run): void {
  const command = program
    .command("doctor")
    .description("look at Node, Postgres, disk, ports, keys, clock and server, and say the way out");
  command.addOption(dataDirOption("where `mintmark up` keeps everything, or shall"));
  command.option("--blobs", "also read every blob and compare it with what was recorded, which takes a while");
  examples(command, "mintmark doctor", "mintmark doctor --blobs --data-dir mintmark-data");
  command.action((options: DoctorOptions) => run(command, (session) => doctor(session, options)));
}

export interface DoctorOptions {
  readonly dataDir: string;
  readonly blobs?: boolean;
}

/** Exit code 1 if something fails; a warning is none. */
export async function doctor(session: Session, { dataDir: directory, blobs }: DoctorOptions): Promise<Answer> {
  const { cwd, env, signal } = session;
  const dir = dataDir(resolve(cwd, directory));
  let state: RunState | undefined;
  const running = await checked("system", async () => {
    state = runningSystem(dir)?.state;
    return [];
  });
  const { finding, time } = await server(state?.url ?? session.server, state !== undefined, signal);
  const findings: Finding[] = [
    node(),
    ...running,
    ...(await checked("data", async () => [dataDirectory(dir)])),
    ...(await checked("disk", async () => disk(dir))),
    ...(await checked("postgres", async () => [await postgres(dir, env["DATABASE_URL"])])),
    ...(await checked("ports", () => ports(state))),
    ...(await checked("keys", async () => [await keys(env["MINTMARK_KEY_DIR"] ?? dir.keys)])),
    ...(await checked("clock", async () => [clock(Date.now(), lastWritten(dir.logs), time)])),
    finding,
  ];
  const report = blobs === true ? await scrubbed(session, dir, state) : undefined;
  if (report !== undefined) findings.push(...report.findings);
  const isWell = findings.every(({ state }) => state !== "failed");
  return {
    text: (view) => findings.map((each) => line(each, view)).join("\n"),
    json: { ok: isWell, findings, ...(report?.blobs === undefined ? {} : { blobs: report.blobs }) },
    exitCode: isWell ? 0 : 1,
  };
}

async function scrubbed(session: Session, dir: DataDir, state: RunState | undefined) {
  const { blobFindings, readBlobs, unread, withRegistryOf } = await import("../doctor/blobs.ts");
  try {
    const { progress, signal } = session;
    const blobs = await withRegistryOf(session, dir, state, (client) => readBlobs(client, progress, signal));
    return { findings: blobFindings(blobs), blobs };
  } catch (error) {
    session.signal.throwIfAborted();
    return { findings: [unread(error)] };
  }
}

/** What cannot even be looked at is found as such. */
async function checked(name: string, check: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await check();
  } catch (error) {
    return [failed(name, (error as Error).message, "run doctor as the account that runs Mintmark; see --data-dir")];
  }
}

/** In full, however wide the terminal is: it is there to be read. */
function line({ state, name, detail, way_out }: Finding, view: View): string {
  const wayOut = way_out === "" ? "" : `\n${" ".repeat(20)}→ ${way_out}`;
  return `${styled(state.padEnd(7), styles[state], view)}  ${name.padEnd(9)}  ${printable(detail)}${wayOut}`;
}

const styles = { ok: "good", warning: "uncertain", failed: "bad" } as const;
