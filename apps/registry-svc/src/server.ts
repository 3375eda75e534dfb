/**
 * Puts the registry together: database, store, keys, queue, services, and the port on which they answer.
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import { openBlobStore } from "@mintmark/blob-store";
import { AppError } from "@mintmark/errors";
import type { ConnectionLimits } from "@mintmark/http-edge/connection-limits";
import { discardRest } from "@mintmark/http-edge/discard-rest";
import { ownAddress, type RequestAddress, requireOwnAddress } from "@mintmark/http-edge/own-address";
import { defaultQuotas, openQuotas, type QuotaLimits } from "@mintmark/http-edge/quotas";
import type { TlsIdentity } from "@mintmark/http-edge/transport";
import { prepareQueue } from "@mintmark/job-queue/prepare";
import { openQueue } from "@mintmark/job-queue/queue";
import type { Logger } from "pino";
import { callHandler } from "./calls.ts";
import { dataChecks } from "./checks/data-checks.ts";
import { dataLinks, dataPrefix, defaultLinkSeconds } from "./data-links/data-link.ts";
import { connectDatabase } from "./db/connect.ts";
import { openListener } from "./db/listener.ts";
import { type Migrated, migrate } from "./db/migrate.ts";
import { isOutage, isStatementTimeout } from "./db/outage.ts";
import { defaultEntryLimits, type EntryLimits } from "./entry-limit.ts";
import { toConnectError } from "./error-interceptor.ts";
import { blobPrefix, blobRoutes, refuse } from "./http/blob-routes.ts";
import { dataRoutes } from "./http/data-routes.ts";
import { filePrefix, fileRoutes } from "./http/file-routes.ts";
import { type ListenOptions, listen, type SharedPort } from "./http/shared-port.ts";
import { openKeyRing } from "./keys/key-ring.ts";
import { defaultMessageLimits, type MessageLimits } from "./messages/message-limits.ts";
import { startReconciler } from "./queue/reconciler.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { type Authenticate, admitBy, authenticateBy, authenticateNobody } from "./tokens/authentication.ts";
import { provideAdminToken, provideServiceTokens } from "./tokens/provide-tokens.ts";
import { modelTrials } from "./versions/try-model.ts";
import { startDeliveries } from "./webhooks/deliver.ts";
import { receiverRules } from "./webhooks/receiver-address.ts";
import { secretBox } from "./webhooks/secret-box.ts";

export interface RegistryOptions {
  /** Its account owns the schema and applies the migrations. */
  readonly databaseUrl: string;
  /** `redis://…` or a Postgres URL; the same Postgres under a role of its own if absent. */
  readonly queueUrl: string | undefined;
  /** `file:///dir` or `s3://bucket/prefix`. */
  readonly artifactStore: string;
  /** Where uploads to S3 arrive; a folder in the system's temporary one if absent. */
  readonly spoolDirectory?: string | undefined;
  readonly keyDir: string;
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Whether callers need a token; without, everyone is `admin`. */
  readonly auth: boolean;
  /** Without authentication: the names under which callers may address the server; any if absent. */
  readonly ownNames: readonly string[] | undefined;
  /** Under which others reach the system, if that is stated. */
  readonly publicUrl?: string | undefined;
  /** With authentication: where the administrator's token is written at the first start; nowhere if absent. */
  readonly adminTokenFile: string | undefined;
  /** With authentication: tokens of the other programs, `name=mm_…,name=mm_…`. */
  readonly serviceTokens: string;
  /** Hosts to which webhooks may go besides public ones by https: `host[:port],…`. */
  readonly webhookAllow?: string;
  /** For how many seconds links to the data of runs hold. */
  readonly dataLinkSeconds?: number;
  readonly messageLimits?: MessageLimits;
  readonly connectionLimits?: ConnectionLimits;
  readonly entryLimits?: EntryLimits;
  /** With authentication: what one token may ask for. */
  readonly quotas?: QuotaLimits;
  /** With what the port identifies itself; it speaks clear text if absent. */
  readonly tls?: TlsIdentity | undefined;
  /** A second port, on loopback and in clear text, for the other programs of this machine; 0 picks a free one, none if absent. */
  readonly innerPort?: number | undefined;
  readonly log: Logger;
  /** How often runs that the queue has lost are queued again. */
  readonly reconcileMs?: number;
}

export interface Registry {
  readonly port: number;
  readonly innerPort: number | undefined;
  /** Lets what is under way end, for a few seconds, and gives everything back. */
  readonly close: () => Promise<void>;
}

/**
 * @throws AppError `DATABASE_UNREACHABLE`, those of `migrate`, and those of keys, store and queue; the system's error if the port
 * cannot be used
 */
export async function startRegistry(options: RegistryOptions): Promise<Registry> {
  await using opened = new AsyncDisposableStack();
  const deps = await openDeps(options, opened);
  const reconciler = startReconciler(deps, options.reconcileMs);
  opened.defer(() => reconciler.stop());
  const deliveries = startDeliveries({ ...deps, log: options.log });
  opened.defer(() => deliveries.stop());
  const authenticate = options.auth ? authenticateBy(deps.db) : authenticateNobody;
  if (options.auth) await provideTokens(deps, options);

  const handle = requestHandler(deps, authenticate, options);
  const { host, port, connectionLimits: limits, tls, innerPort } = options;
  const shared = { limits, http1: handle, http2: handle };
  const outer = await listen({ ...shared, host, port, tls });
  const inner = innerPort === undefined ? undefined : await listenInner({ ...shared, port: innerPort }, outer);
  const resources = opened.move();
  const close = async () => {
    await Promise.all([outer.close(graceMs), inner?.close(graceMs)]);
    await resources.disposeAsync();
  };
  return { port: outer.port, innerPort: inner?.port, close: () => deps.stop(close) };
}

async function listenInner(options: Omit<ListenOptions, "host">, outer: SharedPort): Promise<SharedPort> {
  try {
    return await listen({ ...options, host: "127.0.0.1" });
  } catch (error) {
    await outer.close(0);
    throw error;
  }
}

/** Less than the ten seconds within which the whole system has to have stopped. */
const graceMs = 4_000;

interface OpenDeps extends ServiceDeps {
  /** Tells streams that would never end to end now, and then closes. */
  readonly stop: (close: () => Promise<void>) => Promise<void>;
}

async function openDeps(options: RegistryOptions, opened: AsyncDisposableStack): Promise<OpenDeps> {
  const { databaseUrl, log } = options;
  const webhooks = { secrets: secretBox(options.keyDir), receivers: receiverRules(options.webhookAllow ?? "") };
  const { role, applied } = await migrated(databaseUrl);
  if (applied.length > 0) log.info({ applied }, "the database has been brought to this release's schema");
  if (role === undefined) log.warn("the database account may not create roles: history is protected by triggers only");

  const onIdleError = (error: Error) => log.warn({ err: error }, "a database connection was cut");
  const database = connectDatabase({
    url: databaseUrl,
    role,
    maxEntries: options.entryLimits?.object,
    onIdleError,
  });
  opened.defer(() => database.close());
  const listener = await openListener(databaseUrl, role);
  opened.defer(() => listener.close());
  const blobs = await openBlobStore(options.artifactStore, {
    ...(options.spoolDirectory === undefined ? {} : { spoolDirectory: options.spoolDirectory }),
  });
  opened.defer(() => blobs.close());
  const checks = dataChecks(blobs);
  opened.defer(() => checks.close());
  const trials = modelTrials(blobs);
  opened.defer(() => trials.close());
  const keys = await openKeyRing(options.keyDir);
  const onQueueError = (error: unknown) => log.warn({ err: error }, "the queue cannot be reached");
  const queue = openQueue(await prepareQueue(databaseUrl, options.queueUrl), { onError: onQueueError });
  opened.defer(() => queue.close());

  const closing = new AbortController();
  const stop = (close: () => Promise<void>) => {
    closing.abort();
    return close();
  };
  return {
    db: database.db,
    listener,
    blobs,
    keys,
    dataLinks: dataLinks(keys.signing, options.dataLinkSeconds ?? defaultLinkSeconds),
    queue,
    onQueueError,
    checks,
    trials,
    webhooks,
    closing: closing.signal,
    stop,
  };
}

async function migrated(databaseUrl: string): Promise<Migrated> {
  try {
    return await migrate(databaseUrl);
  } catch (error) {
    if (error instanceof AppError) throw error;
    const { code, message } = error as { code?: unknown; message: string };
    // 28…: refused account or password; 3D000: no such database.
    const refused = typeof code === "string" && (code.startsWith("28") || code === "3D000");
    if (!refused && !isOutage(error)) throw error;
    throw new AppError(
      "DATABASE_UNREACHABLE",
      { url: withoutPassword(databaseUrl), cause: message || String(code) },
      { cause: error },
    );
  }
}

function withoutPassword(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return "DATABASE_URL";
  parsed.password = "";
  parsed.search = "";
  return parsed.href;
}

async function provideTokens({ db }: ServiceDeps, { adminTokenFile, serviceTokens }: RegistryOptions): Promise<void> {
  if (adminTokenFile !== undefined) await provideAdminToken(db, adminTokenFile);
  await provideServiceTokens(db, serviceTokens);
}

function requestHandler(deps: ServiceDeps, authenticate: Authenticate, options: RegistryOptions) {
  const {
    auth,
    ownNames,
    publicUrl,
    log,
    messageLimits: limits = defaultMessageLimits,
    entryLimits = defaultEntryLimits,
  } = options;
  const onUnexpected = (error: unknown) => logFailure(log, error);
  const quotas = openQuotas(options.quotas ?? defaultQuotas);
  const admit = admitBy(authenticate, quotas);
  const own = auth || ownNames === undefined ? undefined : ownAddress(ownNames, publicUrl);
  const serveBlob = blobRoutes({ deps, admit, onUnexpected });
  const serveFile = fileRoutes({ deps, admit, onUnexpected });
  const serveData = dataRoutes({ deps, onUnexpected });
  const call = callHandler({ deps, authenticate, limits, entryLimits, quotas, onUnexpected });

  // Whoever has gone needs no answer; failures of the call itself have left as its answer.
  const onBroken = (error: unknown) => {
    if (ConnectError.from(error).code !== Code.Aborted) onUnexpected(error);
  };
  return (request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse): void => {
    // The guard has cut it off.
    if (request.socket.destroyed) return;
    discardRest(request, response);
    try {
      if (own !== undefined) requireOwnAddress(addressOf(request), own);
    } catch (error) {
      refuse(response as ServerResponse, toConnectError(error, onUnexpected));
      return;
    }
    if (request.url?.startsWith(blobPrefix)) void serveBlob(request as IncomingMessage, response as ServerResponse);
    else if (request.url?.startsWith(filePrefix))
      void serveFile(request as IncomingMessage, response as ServerResponse);
    else if (request.url?.startsWith(dataPrefix))
      void serveData(request as IncomingMessage, response as ServerResponse);
    else call(request, response).catch(onBroken);
  };
}

/** What no caller can mend: an outage of what the registry stands on is one, everything else is a mistake of ours. */
function logFailure(log: Logger, error: unknown): void {
  if (isOutage(error)) {
    const { code, address, port, message } = error as NodeJS.ErrnoException & { address?: string; port?: number };
    log.warn({ code, address, port, cause: message }, "the database cannot be reached; calls fail until it is back");
  } else if (isStatementTimeout(error))
    log.warn({ err: error }, "the database took too long over a statement, and gave it up");
  else log.error({ err: error }, "a call failed unexpectedly");
}

function addressOf({ headers }: IncomingMessage | Http2ServerRequest): RequestAddress {
  const authority = headers[":authority"];
  return { host: headers.host ?? (typeof authority === "string" ? authority : undefined), origin: headers.origin };
}
