export { checkTrainingData, type FeatureColumn, type TrainingData } from "./check-data.ts";
export { type Format, formatOf } from "./format.ts";
export { type ColumnProfile, profileTable } from "./profile.ts";
export { type ReadOptions, readTable } from "./read-table.ts";
export { digestsOfFile, findSnapshots, isRemote, type SnapshotFile } from "./snapshot.ts";
export {
  findColumn,
  type NumberTableColumn,
  type Table,
  type TableColumn,
  type TextTableColumn,
  type UnreadableColumn,
} from "./table.ts";
export type { Classes } from "./target.ts";
