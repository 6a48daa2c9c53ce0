import { formatUnixTime } from '../../lib/base/documents/unix-time.ts';
import { evaluateCandidate, type Rejection } from '../../lib/base/errors/evaluate-candidate.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { parseNamedDigest, parseReference } from '../../lib/base/names/reference.ts';
import { indexKeyring, joinKeyrings, type PreparedKeyring } from '../../lib/crypto/openpgp/keys/keyring.ts';
import { MAX_MESSAGE_BYTES, parseSignedMessage } from '../../lib/crypto/openpgp/messages/signed-message.ts';
import { parsePreparedTrust } from '../../lib/trust/prepared/parse-prepared-trust.ts';
import { MAX_PREPARED_BYTES } from '../../lib/trust/prepared/trust-document.ts';
import {
  type SignedPayload,
  verifyDigest,
  verifyRepository,
  verifySignedPayload,
} from '../../lib/verdict/judge/verify-signature.ts';
import type { OutputOptions } from '../shell/options.ts';
import { printResult } from '../shell/output.ts';
import { readInput, readInputStart } from '../shell/read-input.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface SignatureOptions extends OutputOptions {
  readonly keyring?: readonly string[];
  readonly prepared?: string;
  readonly digest?: string;
  readonly reference?: string;
}

type Result = ({ readonly valid: true } & Omit<SignedPayload, 'keyring'>) | ({ readonly valid: false } & Rejection);

/** @returns the exit status */
export async function verifySignatureFile(file: string, options: SignatureOptions): Promise<number> {
  const digest = options.digest === undefined ? undefined : parseNamedDigest(options.digest);
  const repository = options.reference === undefined ? undefined : parseReference(options.reference).repository;
  const indexed = indexKeyring(await readSigners(options));
  // One byte over the limit is enough for the parser to refuse it with its code.
  const bytes = await readInputStart(file, MAX_MESSAGE_BYTES + 1);
  const evaluated = evaluateCandidate((): Result => {
    const now = Math.floor(Date.now() / 1000);
    const { keyring: _, ...signed } = verifySignedPayload(parseSignedMessage(bytes), indexed, 'release', now);
    if (digest !== undefined) verifyDigest(signed.digest, digest);
    if (repository !== undefined) verifyRepository(signed.signedReference, [repository]);
    return { valid: true, ...signed };
  });
  const result: Result = evaluated.kind === 'evaluated' ? evaluated.value : { valid: false, ...evaluated.rejection };
  printResult(options.output, result, formatResult);
  return result.valid ? ExitStatus.accepted : ExitStatus.rejected;
}

/** Key files need the certificate library, which takes longer to load than all the rest; prepared trust does not. */
async function readSigners({ keyring, prepared }: SignatureOptions): Promise<PreparedKeyring> {
  if (prepared === undefined) {
    const { readKeys } = await import('../open/keys.ts');
    return await readKeys(keyring ?? []);
  }
  if (keyring !== undefined) throw new InputError('ArgumentInvalid', 'give --keyring or --prepared, not both');
  const trust = parsePreparedTrust(prepared, await readInput(prepared, MAX_PREPARED_BYTES));
  return joinKeyrings('keyring', trust.keyrings);
}

function formatResult(result: Result): string {
  if (!result.valid) {
    const note = result.note === undefined ? '' : `\n  note    ${result.note}`;
    return `invalid  ${result.code}: ${result.message}${note}`;
  }
  const { signer, createdAt, digest, signedReference, notes } = result;
  const lines = [
    `valid  ${digest}`,
    `  names   ${signedReference}`,
    `  signer  ${signer}`,
    `  made    ${formatUnixTime(createdAt)}`,
    ...notes.map((note) => `  note    ${note}`),
  ];
  return lines.join('\n');
}
