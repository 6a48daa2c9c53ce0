import { SignatureError } from '../../base/errors/signature-error.ts';
import type { TrustedLog } from './trusted-root.ts';
import { verifyBlob } from './x509/public-key.ts';

/** What a log signed of its tree (C2SP tlog-checkpoint): as many entries as `size`, which hash to `root`. */
interface Checkpoint {
  readonly origin: string;
  /** In plain digits. */
  readonly size: string;
  /** As it is written, in base64. */
  readonly root: string;
}

/** Signatures of one checkpoint, of the log and its witnesses. */
export const MAX_CHECKPOINT_SIGNATURES = 64;

/** Octets that name the key before a signature of a note. */
const HINT_BYTES = 4;
const SIGNATURE_START = '\u2014 ';
/** Between the text of a note and its signatures. */
const SEPARATOR = '\n\n';

/**
 * Reads a checkpoint that one of the logs signed (C2SP signed-note). Sigstore's library knows the same notes, and
 * SHA-256 alone: a log with a key of P-384 or P-521 signs by the hash of its curve.
 *
 * @throws SignatureError `LogEntryInvalid`
 */
export function verifyCheckpoint(envelope: string, logs: readonly TrustedLog[]): Checkpoint {
  const end = envelope.indexOf(SEPARATOR);
  if (end < 0) throw invalidEntry('its checkpoint has no signatures');
  const text = envelope.slice(0, end + 1);
  const lines = envelope.slice(end + SEPARATOR.length).split('\n');
  const signatures = lines.filter((line) => line.startsWith(SIGNATURE_START));
  if (signatures.length > MAX_CHECKPOINT_SIGNATURES) {
    throw invalidEntry(`its checkpoint has more than ${MAX_CHECKPOINT_SIGNATURES} signatures`);
  }
  // Others may add signatures to a note: what is not by the log is passed over.
  if (!signatures.some((line) => isSignedByLog(Buffer.from(text), line, logs))) {
    throw invalidEntry('its checkpoint is not signed by its log');
  }
  const [origin, size, root] = text.slice(0, -1).split('\n');
  if (origin === undefined || size === undefined || root === undefined) {
    throw invalidEntry('its checkpoint lacks the name of a log, the size of a tree or its root');
  }
  return { origin, size, root };
}

function isSignedByLog(text: Buffer, line: string, logs: readonly TrustedLog[]): boolean {
  const [name = '', encoded = '', ...more] = line.slice(SIGNATURE_START.length).split(' ');
  if (name === '' || more.length > 0) return false;
  const bytes = Buffer.from(encoded, 'base64');
  const hint = bytes.subarray(0, HINT_BYTES);
  const signature = bytes.subarray(HINT_BYTES);
  if (signature.length === 0) return false;
  const named = logs.filter((log) => toHint(log).equals(hint) && (log.address?.includes(name) ?? true));
  return named.some(({ key }) => isSignedBy(key, text, signature));
}

function isSignedBy(key: TrustedLog['key'], text: Buffer, signature: Buffer): boolean {
  try {
    verifyBlob([key], text, signature, 'by signer');
    return true;
  } catch (cause) {
    // A limit of what may be computed is thrown here too.
    if (!(cause instanceof SignatureError) || cause.code !== 'SignatureInvalid') throw cause;
    return false;
  }
}

function toHint({ id, checkpointId }: TrustedLog): Buffer {
  return checkpointId ?? id.subarray(0, HINT_BYTES);
}

/**
 * Whether an entry says that it is of a log: it names the log by the hash of its key, or by what the log's checkpoints
 * name the key with, whole or its first four octets. Which log it is, its key proves.
 */
export function isNamed(name: Uint8Array, { id, checkpointId }: TrustedLog): boolean {
  return id.equals(name) || checkpointId?.equals(name.subarray(0, HINT_BYTES)) === true;
}

export function invalidEntry(fault: string, cause?: unknown): SignatureError {
  return new SignatureError('LogEntryInvalid', `a log entry of the bundle is not valid: ${fault}`, { cause });
}
