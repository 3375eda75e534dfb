export { AppError, shortened } from "./app-error.ts";
export type { Kind } from "./define.ts";
export { type Detail, type Reason, reasons } from "./reasons.ts";
