/**
 * Recognizes failures of the database by SQLSTATE and constraint, never by text.
 * @module
 */

/** Whether a statement failed because a row with this key is there already. */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  const { code, constraint: violated } = error as { code?: unknown; constraint?: unknown };
  return code === "23505" && violated === constraint;
}

/** Whether a text was given that the database cannot keep, and so cannot find either: one with a NUL character. */
export function isUnfitText(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === "22021";
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
