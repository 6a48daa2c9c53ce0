import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { parseTrustedRoot, type TrustedRoot } from '../../lib/crypto/sigstore/trusted-root.ts';
import { MAX_TRUST_FILE_BYTES } from '../../lib/trust/documents/parse-trust-file.ts';
import { readInput } from '../shell/read-input.ts';

export interface TrustedRootOptions {
  readonly trustedRoot?: string;
  readonly trust?: string;
  readonly profile?: string;
}

/** The trusted root that the options name; undefined where they name none. @throws InputError, ConfigurationError */
export async function openTrustedRoot({
  trustedRoot,
  trust,
  profile,
}: TrustedRootOptions): Promise<TrustedRoot | undefined> {
  if (trustedRoot !== undefined) return parseNamed(trustedRoot, await readInput(trustedRoot, MAX_TRUST_FILE_BYTES));
  if (trust === undefined) return undefined;
  const [{ readProfile }, { collectDocuments }] = await Promise.all([
    import('./trust.ts'),
    import('../../lib/trust/prepare/collect-documents.ts'),
  ]);
  const chosen = await readProfile({ trust, ...(profile === undefined ? {} : { profile }) });
  const { trustedRoot: found } = collectDocuments(chosen.documents);
  if (found !== undefined) return found.root;
  const remedy = 'add one with signet trust add sigstore --from trusted_root.json';
  throw new InputError('ArgumentInvalid', `the profile ${chosen.profile} has no trusted root: ${remedy}`);
}

/** @throws ConfigurationError that names the file */
export function parseNamed(file: string, bytes: Uint8Array): TrustedRoot {
  try {
    return parseTrustedRoot(bytes);
  } catch (cause) {
    if (!(cause instanceof ConfigurationError)) throw cause;
    throw new ConfigurationError(cause.code, cause.message, { cause, position: { document: file } });
  }
}
