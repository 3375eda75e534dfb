/**
 * The rows of the database as this service reads and writes them; `schema.test.ts` holds them equal to the migrated database.
 * Columns are named as in SQL. `int8` is a bigint here: numbers beyond 2^53 arrive as they are.
 * @module
 */
import type { ColumnType, Generated, Kysely } from "kysely";

export type Db = Kysely<Schema>;

export interface Schema {
  readonly blob: BlobTable;
  readonly catalog: CatalogTable;
  readonly event: EventTable;
  readonly event_head: EventHeadTable;
  readonly key_name: KeyNameTable;
  readonly model: ModelTable;
  readonly model_head: ModelHeadTable;
  readonly namespace: NamespaceTable;
}

/** Given by the database. */
type Assigned<T> = ColumnType<T, never, never>;

export interface CatalogTable {
  catalog_pk: Assigned<bigint>;
  name: string;
}

export interface NamespaceTable {
  namespace_pk: Assigned<bigint>;
  catalog_pk: bigint;
  name: string;
}

export interface KeyNameTable {
  key_id: Assigned<number>;
  name: string;
}

export interface ModelTable {
  model_pk: Assigned<bigint>;
  id: Assigned<string>;
  namespace_pk: bigint;
  full_name: string;
  shown_name: string;
  description: Generated<string>;
  created_by: string;
  created_at: Generated<Date>;
  deleted_at: Date | null;
}

export interface ModelHeadTable {
  model_pk: bigint;
  last_version: Generated<number>;
  updated_at: Generated<Date>;
}

export interface BlobTable {
  blake3: Uint8Array;
  sha256: Uint8Array;
  size: bigint;
  created_at: Generated<Date>;
}

export interface EventTable {
  number: Assigned<bigint>;
  kind: Assigned<string>;
  model_pk: Assigned<bigint | null>;
  model: Assigned<string | null>;
  actor: Assigned<string>;
  at: Assigned<Date>;
  detail: Assigned<Readonly<Record<string, unknown>>>;
}

export interface EventHeadTable {
  one: Assigned<boolean>;
  number: Assigned<bigint>;
}
