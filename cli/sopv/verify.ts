import { addAbortSignal } from 'node:stream';
import {
  type DocumentSignature,
  evaluateSignedDocument,
  startDetachedSignatures,
} from '../../lib/artifact/documents/document-signatures.ts';
import { formatUnixTime } from '../../lib/base/documents/unix-time.ts';
import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { type IndexedKeyring, indexKeyring, joinKeyrings } from '../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyFile } from '../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { MAX_DOCUMENT_BYTES } from '../../lib/crypto/openpgp/messages/signed-document.ts';
import { type DateRange, type GivenDate, toDateRange } from './dates.ts';
import { SopError, say } from './failures.ts';
import { openOutput, readArgument, readData } from './places.ts';

export interface VerifyOptions {
  readonly notBefore: GivenDate;
  readonly notAfter: GivenDate;
  readonly debug?: boolean;
}

/**
 * `verify`: detached signatures over standard input, which may be of any length. One valid signature is enough, and only the
 * valid ones are printed.
 *
 * @throws SopError, SignatureError, ConfigurationError
 */
export async function verifyDetached(
  signatures: string,
  certificates: readonly string[],
  options: VerifyOptions,
  signal: AbortSignal,
): Promise<void> {
  const keyring = await readCertificates(certificates, options, signal);
  const started = startDetachedSignatures(await readArgument(signatures, signal), keyring);
  for await (const chunk of addAbortSignal(signal, process.stdin)) started.update(Buffer.from(chunk as Uint8Array));
  const now = Math.floor(Date.now() / 1000);
  const valid = requireValid(started.verify(now), options, now);
  await writeOut(formatVerifications(valid));
}

/**
 * `inline-verify`: a message with its signatures. Its content is printed when one of them is valid, and nothing of it before.
 *
 * @throws SopError, SignatureError, ConfigurationError
 */
export async function verifyInline(
  certificates: readonly string[],
  { verificationsOut, ...options }: VerifyOptions & { readonly verificationsOut?: string },
  signal: AbortSignal,
): Promise<void> {
  const output = verificationsOut === undefined ? undefined : openOutput(verificationsOut);
  const keyring = await readCertificates(certificates, options, signal);
  const data = await readData(MAX_DOCUMENT_BYTES, signal);
  const now = Math.floor(Date.now() / 1000);
  const { content, signatures } = evaluateSignedDocument(data, keyring, now);
  const valid = requireValid(signatures, options, now);
  await output?.write(formatVerifications(valid));
  await writeOut(content);
}

type ValidSignature = Extract<DocumentSignature, { readonly valid: true }>;

/** @throws SopError `noSignature`, with the reason of each that is not valid */
function requireValid(
  signatures: readonly DocumentSignature[],
  { notBefore, notAfter, debug = false }: VerifyOptions,
  now: number,
): readonly ValidSignature[] {
  const range = toDateRange(notBefore, notAfter, now);
  const judged = signatures.map((one) => ({ signature: one, reason: refuse(one, range) }));
  const valid = judged.flatMap(({ signature, reason }) => (signature.valid && reason === undefined ? [signature] : []));
  const reasons = judged.flatMap(({ reason }, index) =>
    reason === undefined ? [] : [`signature ${index + 1}: ${reason}`],
  );
  if (valid.length === 0) throw new SopError('noSignature', ['no valid signature', ...reasons].join('\n  '));
  if (debug) for (const reason of reasons) say(reason);
  return valid;
}

/** Undefined for a signature that counts. */
function refuse(signature: DocumentSignature, { notBefore, notAfter }: DateRange): string | undefined {
  if (!signature.valid) return `${signature.code}: ${signature.message}`;
  const { createdAt } = signature;
  // Written so that nothing holds when a time is NaN.
  if (createdAt >= notBefore && createdAt <= notAfter) return undefined;
  return `it is dated ${formatUnixTime(createdAt)}, outside of what is accepted`;
}

/** A line each: date, fingerprint of the key that signed, fingerprint of its primary key, mode. */
function formatVerifications(signatures: readonly ValidSignature[]): string {
  return signatures
    .map(({ createdAt, signingKey, signer, mode }) => {
      const date = formatUnixTime(createdAt).replace(/\.\d{3}Z$/, 'Z');
      return `${date} ${signingKey} ${signer} mode:${mode}\n`;
    })
    .join('');
}

/** A file may hold several certificates; those that cannot be used count for nothing. */
async function readCertificates(
  certificates: readonly string[],
  { debug = false }: VerifyOptions,
  signal: AbortSignal,
): Promise<IndexedKeyring> {
  const keyrings = [];
  for (const certificate of certificates) {
    const bytes = await readArgument(certificate, signal);
    try {
      const { keyring, warnings } = await prepareKeyFile(certificate, bytes);
      if (debug) for (const warning of warnings) say(`${certificate}: ${warning}`);
      keyrings.push(keyring);
    } catch (cause) {
      if (!(cause instanceof ConfigurationError)) throw cause;
      throw new SopError('badData', `${certificate}: ${cause.message}`, { cause });
    }
  }
  return indexKeyring(joinKeyrings('certificates', keyrings));
}

async function writeOut(output: string | Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(output, (error) => (error ? reject(error) : resolve()));
  });
}
