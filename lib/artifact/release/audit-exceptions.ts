import * as v from 'valibot';
import { decodeText, faultAt, readObjects, readShape } from '../../base/documents/read-objects.ts';

/** Bytes of a file of exceptions. */
export const MAX_EXCEPTIONS_BYTES = 256 * 1024;
/** Exceptions of one file. */
const MAX_EXCEPTIONS = 1000;

/** What may be missing of a release. A signature that is there and does not verify is never excused. */
const EXCUSABLE = ['TagMissing', 'SignatureNotFound'] as const;

const text = v.pipe(v.string(), v.minLength(1, 'expected text'));
const schema = v.strictObject({
  exceptions: v.pipe(
    v.array(
      v.strictObject({
        version: text,
        architecture: v.optional(text),
        /** As the audit names it; every store where it is left out. */
        store: v.optional(text),
        code: v.picklist(EXCUSABLE),
        reason: text,
        source: text,
      }),
    ),
    v.maxLength(MAX_EXCEPTIONS, `expected at most ${MAX_EXCEPTIONS} exceptions`),
  ),
});

/** Something that is known to be missing, why, and where that is written. */
export type AuditException = v.InferOutput<typeof schema>['exceptions'][number];

/**
 * Reads `exceptions:` of a YAML or JSON file.
 *
 * @throws InputError `DocumentInvalid` with the line; `DuplicateKey`
 */
export function parseAuditExceptions(file: string, bytes: Uint8Array): readonly AuditException[] {
  const [first, ...others] = [...readObjects(file, decodeText(file, bytes))];
  if (first === undefined || others.length > 0) throw faultAt(file, 1, 'expected one document with exceptions');
  return readShape(schema, first).exceptions;
}

/** The exception that excuses what is missing, if one does. */
export function findException(
  exceptions: readonly AuditException[],
  missing: { readonly version: string; readonly architecture: string; readonly store?: string; readonly code: string },
): AuditException | undefined {
  return exceptions.find(
    ({ version, architecture = missing.architecture, store = missing.store, code }) =>
      version === missing.version &&
      architecture === missing.architecture &&
      store === missing.store &&
      code === missing.code,
  );
}
