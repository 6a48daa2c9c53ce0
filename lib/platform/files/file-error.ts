import { StoreError } from '../../base/errors/store-error.ts';

const ABSENT = new Set(['ENOENT', 'ENOTDIR']);
const NOT_ALLOWED = new Set(['EACCES', 'EPERM', 'EROFS', 'ELOOP']);

/** The system's code for a failed file operation, such as `ENOENT`. */
export function fileErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** True where the system said "no such file", and for nothing else. */
export function isAbsent(error: unknown): boolean {
  return ABSENT.has(fileErrorCode(error) ?? '');
}

/** The result, or undefined where the system said "no such file". */
export async function unlessAbsent<Result>(operation: Promise<Result>): Promise<Result | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** What a failed file operation is to the caller of a store. Errors of the store pass as they are. */
export function toStoreError(error: unknown, doing: string): StoreError {
  if (error instanceof StoreError) return error;
  const code = fileErrorCode(error);
  const kind = NOT_ALLOWED.has(code ?? '') ? 'NotAllowed' : 'ConnectionFailed';
  return new StoreError(kind, `${doing} failed: ${code ?? String(error)}`, { cause: error });
}
