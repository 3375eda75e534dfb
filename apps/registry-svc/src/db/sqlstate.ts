/**
 * Recognizes failures of the database by SQLSTATE and constraint, never by text.
 * @module
 */

/** Whether a statement failed because a row with this key is there already. */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  const { code, constraint: violated } = error as { code?: unknown; constraint?: unknown };
  return code === "23505" && violated === constraint;
}

/** What is wrong with a request whose values no statement could take; `undefined` for other failures. */
export function unfitness(error: unknown): { readonly field: string; readonly problem: string } | undefined {
  const { code, detail = "" } = (error ?? {}) as { code?: unknown; detail?: string };
  switch (code) {
    case "22021":
      return { field: "request", problem: "must have no NUL characters in its texts" };
    case "54001":
      return { field: "request", problem: "is nested too deep" };
    case "MM413": {
      const { field, what, most, count } = JSON.parse(detail) as Record<"field" | "what" | "most" | "count", string>;
      return {
        field,
        problem: `of one ${what} may be at most ${most} (MINTMARK_MAX_ENTRIES); with these it had ${count}`,
      };
    }
    default:
      return undefined;
  }
}

/**
 * Runs a transaction again if the database chose it to break a deadlock. The order of locks makes deadlocks rare, not
 * impossible: keys and lineage nodes are shared by all models.
 */
export async function retryDeadlock<T>(transaction: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction();
    } catch (error) {
      if ((error as { code?: unknown }).code !== "40P01" || attempt === 5) throw error;
    }
  }
}
