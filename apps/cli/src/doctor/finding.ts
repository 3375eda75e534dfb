/**
 * What a check of `mintmark doctor` found.
 * @module
 */
export interface Finding {
  readonly name: string;
  /** `warning`: it works, and there is something to know. */
  readonly state: "ok" | "warning" | "failed";
  readonly detail: string;
  /** What to do; empty where nothing is. */
  readonly way_out: string;
}

export function ok(name: string, detail: string): Finding {
  return { name, state: "ok", detail, way_out: "" };
}

export function warning(name: string, detail: string, wayOut: string): Finding {
  return { name, state: "warning", detail, way_out: wayOut };
}

export function failed(name: string, detail: string, wayOut: string): Finding {
  return { name, state: "failed", detail, way_out: wayOut };
}
