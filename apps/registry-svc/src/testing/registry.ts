/**
 * The real services over an in-memory transport, on a real database and a real store: routing, encoding, interceptors and SQL
 * all take part.
 * @module
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createRouterTransport, type Interceptor } from "@connectrpc/connect";
import { openBlobStore } from "@mintmark/blob-store";
import { generateKey, privateKeyPem, type SigningKeys } from "@mintmark/crypto/keys";
import { openQueue } from "@mintmark/job-queue/queue";
import { queueUrlIn } from "@mintmark/job-queue/queue-url";
import { clients, type RegistryClient } from "@mintmark/registry-client";
import { dataChecks } from "../checks/data-checks.ts";
import { dataLinks, defaultLinkSeconds } from "../data-links/data-link.ts";
import { openListener } from "../db/listener.ts";
import { appRole } from "../db/migrate.ts";
import { defaultEntryLimits, limitEntries } from "../entry-limit.ts";
import { errorInterceptor } from "../error-interceptor.ts";
import { openKeyRing } from "../keys/key-ring.ts";
import type { ServiceDeps } from "../service-deps.ts";
import { addServices } from "../services.ts";
import { authenticateNobody, authentication } from "../tokens/authentication.ts";
import { modelTrials } from "../versions/try-model.ts";
import { receiverRules } from "../webhooks/receiver-address.ts";
import { secretBox } from "../webhooks/secret-box.ts";
import { type RegistryDatabase, registryDatabase } from "./database.ts";

export interface TestRegistry {
  readonly client: RegistryClient;
  readonly deps: ServiceDeps;
  readonly database: RegistryDatabase;
  /** The directory of the blob store. */
  readonly storeRoot: string;
  /** What a maker of models signs with; the registry trusts it. */
  readonly keys: SigningKeys;
  /** Errors that left as "internal". */
  readonly unexpected: unknown[];
  readonly close: () => Promise<void>;
}

export async function testRegistry(interceptors: Interceptor[] = []): Promise<TestRegistry> {
  const directory = await mkdtemp(join(tmpdir(), "mintmark-registry-"));
  const keys = await writeKeys(join(directory, "keys"));
  const database = await registryDatabase();
  const unexpected: unknown[] = [];
  const onUnexpected = (error: unknown) => void unexpected.push(error);
  const stopping = new AbortController();
  const keyRing = await openKeyRing(join(directory, "keys"));
  const storeRoot = join(directory, "store");
  const blobs = await openBlobStore(pathToFileURL(storeRoot).href);
  const deps: ServiceDeps = {
    db: database.db,
    listener: await openListener(database.owner.url, appRole),
    blobs,
    checks: dataChecks(blobs),
    trials: modelTrials(blobs),
    keys: keyRing,
    dataLinks: dataLinks(keyRing.signing, defaultLinkSeconds),
    queue: openQueue(queueUrlIn(database.owner.url), { onError: () => {} }),
    onQueueError: (error) => unexpected.push(error),
    webhooks: { secrets: secretBox(join(directory, "keys")), receivers: receiverRules("127.0.0.1") },
    closing: stopping.signal,
  };
  const transport = createRouterTransport((router) => addServices(router, deps), {
    router: {
      interceptors: [errorInterceptor(onUnexpected), limitEntries(defaultEntryLimits)],
      requestGate: authentication(authenticateNobody, () => false, onUnexpected),
    },
    transport: { interceptors },
  });
  const close = async () => {
    stopping.abort();
    deps.trials.close();
    await deps.queue.close();
    await deps.listener.close();
    deps.blobs.close();
    await database.close();
    await rm(directory, { recursive: true, force: true });
  };
  return { client: clients(transport, () => {}), deps, database, storeRoot, keys, unexpected, close };
}

/** A key directory with both signing keys, both trusted. */
export async function writeKeys(directory: string): Promise<SigningKeys> {
  const keys: SigningKeys = { p256: generateKey("ecdsa-p256"), ed25519: generateKey("ed25519") };
  await mkdir(join(directory, "signing"), { recursive: true });
  await mkdir(join(directory, "trusted"), { recursive: true });
  for (const [name, key] of Object.entries(keys)) {
    await writeFile(join(directory, "signing", `${name}.pem`), privateKeyPem(key), { mode: 0o600 });
    await writeFile(join(directory, "trusted", `${name}.pem`), key.public.pem);
  }
  return keys;
}
