/**
 * Copies the files of a run or a logged model: hashed while they pass, and compared with what the registry says it keeps.
 * @module
 */
import { eachLimited } from "@mintmark/async/each-limited";
import { collectDigests, digestsOfStream } from "@mintmark/crypto/digests";
import { pathOfArtifactUri, putFile, statFile } from "@mintmark/registry-client";
import { attempt, type Import } from "./import.ts";
import { downloadFile, listFiles, type SourceFile, type SourceFolder } from "./read-source.ts";

const filesAtOnce = 4;

/** @param artifactUri where they belong here */
export async function copyFiles(context: Import, folder: SourceFolder, artifactUri: string): Promise<void> {
  const { source, report } = context;
  const what = `${folder.kind} ${folder.id}`;
  const files = await attempt(context, `files of ${what}`, () => listFiles(source, folder));
  if (files === undefined || files.length === 0) return;
  const root = pathOfArtifactUri(artifactUri);
  if (root === undefined) {
    report.differs(`files of ${what}`, `were not copied: its experiment keeps its files at ${artifactUri}`);
    return;
  }
  await eachLimited(files, filesAtOnce, (file) => copyFile(context, folder, file, `${root}/${file.path}`));
}

async function copyFile(context: Import, folder: SourceFolder, file: SourceFile, target: string): Promise<void> {
  const what = `${folder.kind} ${folder.id}, file ${file.path}`;
  const how = await attempt(context, what, async () => {
    const there = await statFile(context.client.bulk ?? noBulk(), target, context.signal);
    // A file appears whole or not at all, and one that arrived with other bytes was removed again.
    if (there?.size !== file.size) return transfer(context, { what, folder, path: file.path, target });
    if (context.check) await compare(context, { what, folder, path: file.path, target }, there.blake3);
    return "present";
  });
  context.report.count("files", how ?? "failed");
}

interface Transfer {
  readonly what: string;
  readonly folder: SourceFolder;
  readonly path: string;
  readonly target: string;
}

async function transfer(context: Import, { what, folder, path, target }: Transfer): Promise<"copied" | "failed"> {
  const { client, signal, report } = context;
  const { size, body } = await downloadFile(context.source, folder, path);
  const digests = collectDigests();
  const passing = (async function* () {
    for await (const chunk of body) {
      digests.update(chunk);
      yield chunk;
    }
  })();
  const stored = await putFile(client.bulk ?? noBulk(), { path: target, size, body: passing, signal });
  const sent = digests.finish();
  if (stored.size === sent.size && stored.blake3 === sent.blake3 && stored.sha256 === sent.sha256) return "copied";
  await client.files.deleteFiles({ path: target });
  report.differs(what, `BLAKE3 ${sent.blake3} was sent, ${stored.blake3} arrived; it was removed`);
  return "failed";
}

async function compare(context: Import, { what, folder, path }: Transfer, blake3: string): Promise<void> {
  const { body } = await downloadFile(context.source, folder, path);
  const there = await digestsOfStream(body);
  if (there.blake3 !== blake3) context.report.differs(what, `has BLAKE3 ${there.blake3} at the source, ${blake3} here`);
}

function noBulk(): never {
  throw new Error("an import needs a registry that is reached by HTTP");
}
