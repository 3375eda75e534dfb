export { checkTrainingData } from "./check-data.ts";
export { type DescribedColumn, type DescribedData, describeData } from "./describe-data.ts";
export { type Format, formatOf } from "./format.ts";
export { type ColumnProfile, profileTable } from "./profile.ts";
export { type ReadOptions, readOptionsOf } from "./read-options.ts";
export { type RawRows, readRows } from "./read-rows.ts";
export { readTable } from "./read-table.ts";
export { digestsOfFile, findFiles, findSnapshots, isRemote, placeSnapshot, type SnapshotFile } from "./snapshot.ts";
export {
  findColumn,
  type NumberTableColumn,
  type Table,
  type TableColumn,
  type TextTableColumn,
  type UnusableColumn,
} from "./table.ts";
export { classLabels, labelOf } from "./target.ts";
export type { FeatureColumn, TrainingData } from "./training-data.ts";
