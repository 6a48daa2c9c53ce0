import { evaluateCandidate, type Rejection } from '../../base/errors/evaluate-candidate.ts';
import { SignatureError } from '../../base/errors/signature-error.ts';
import type { IndexedKeyring } from '../../crypto/openpgp/keys/keyring.ts';
import {
  isAnnounced,
  readCleartextFrame,
  toCleartextContent,
} from '../../crypto/openpgp/messages/cleartext-message.ts';
import {
  MAX_DETACHED_SIGNATURES,
  parseDocumentSignature,
  splitDetachedSignatures,
  verifyDetachedSignature,
} from '../../crypto/openpgp/messages/detached-signature.ts';
import { MAX_DOCUMENT_BYTES, parseSignedDocument } from '../../crypto/openpgp/messages/signed-document.ts';
import {
  startStreamedSignature,
  toSignatureMode,
  type VerifiedSignature,
} from '../../crypto/openpgp/messages/streamed-signature.ts';
import { verifyMessage } from '../../crypto/openpgp/messages/verify-message.ts';
import { decodeArmoredBlock, splitArmoredText, startsArmor } from '../../crypto/openpgp/packets/armor.ts';

/** One signature over a document, or the reason why it does not count. */
export type DocumentSignature =
  | ({ readonly valid: true } & VerifiedSignature)
  | ({ readonly valid: false } & Rejection);

/** Detached signatures whose document is read once, in pieces. */
export interface DetachedSignatures {
  readonly update: (octets: Uint8Array) => void;
  /** To be called once, after the last piece: a result for each signature, in order. */
  readonly verify: (now: number) => readonly DocumentSignature[];
}

/**
 * Reads detached signatures, binary or armored, each on its own: one that cannot be read, or is by a stranger, takes nothing
 * from another.
 *
 * @throws SignatureError for what is no list of signatures, or is one beside something else
 */
export function startDetachedSignatures(untrustedSignatures: Uint8Array, keyring: IndexedKeyring): DetachedSignatures {
  const bodies = splitDetachedSignatures(
    isBinary(untrustedSignatures) ? untrustedSignatures : openArmor(untrustedSignatures, 'SIGNATURE'),
  );
  const started = bodies.map((body) =>
    evaluateCandidate(() => startStreamedSignature(parseDocumentSignature(body), keyring)),
  );
  return {
    update: (octets) => {
      for (const one of started) if (one.kind === 'evaluated') one.value.update(octets);
    },
    verify: (now) =>
      started.map((one) =>
        one.kind === 'rejected' ? { valid: false, ...one.rejection } : evaluate(() => one.value.verify(now)),
      ),
  };
}

/** A document with its signatures around it. */
export interface EvaluatedDocument {
  /** What every valid signature covers; of a clearsigned text, its lines with line feeds, since nothing signs their ends. */
  readonly content: Uint8Array;
  /** In the order of the message. */
  readonly signatures: readonly DocumentSignature[];
}

/**
 * Evaluates a signed message, binary or armored, or a clearsigned text. Nothing may stand around it: a reader of the whole
 * file could take that for signed.
 *
 * @param now seconds since 1970
 * @throws SignatureError for what is neither
 */
export function evaluateSignedDocument(
  untrustedBytes: Uint8Array,
  keyring: IndexedKeyring,
  now: number,
): EvaluatedDocument {
  if (untrustedBytes.length > MAX_DOCUMENT_BYTES) {
    throw new SignatureError('LimitExceeded', `a signed document has at most ${MAX_DOCUMENT_BYTES} bytes`);
  }
  if (isBinary(untrustedBytes)) return evaluateMessage(untrustedBytes, keyring, now);
  const lines = splitArmoredText(untrustedBytes);
  const start = lines.findIndex((line) => line !== '');
  if (startsArmor(lines[start], 'SIGNED MESSAGE')) return evaluateCleartext(lines, start, keyring, now);
  return evaluateMessage(openArmor(untrustedBytes, 'MESSAGE'), keyring, now);
}

function evaluateMessage(bytes: Uint8Array, keyring: IndexedKeyring, now: number): EvaluatedDocument {
  const { content, compression, signatures } = parseSignedDocument(bytes);
  return {
    content,
    signatures: signatures.map(({ parse }) =>
      evaluate(() => {
        const { signerKeyId, ...signature } = parse();
        const { signer, signingKey, createdAt } = verifyMessage(
          { content, signature, signerKeyId, compression },
          keyring,
          now,
        );
        return { signer, signingKey, createdAt, mode: toSignatureMode(signature) };
      }),
    ),
  };
}

function evaluateCleartext(
  lines: readonly string[],
  start: number,
  keyring: IndexedKeyring,
  now: number,
): EvaluatedDocument {
  const { text, announced, block, frame } = readCleartextFrame(lines, start);
  requireBlank(lines, frame.last);
  const signed = toCleartextContent(text);
  return {
    content: Buffer.from(text.map((line) => `${line}\n`).join(''), 'latin1'),
    signatures: splitDetachedSignatures(block).map((body) =>
      evaluate(() => {
        const signature = parseDocumentSignature(body);
        if (toSignatureMode(signature) !== 'text') {
          throw new SignatureError('SignatureUnsupported', 'a signature over bytes is not one over this text');
        }
        if (!isAnnounced(signature, announced)) {
          throw new SignatureError('SignatureMalformed', 'no Hash header names the hash of the signature');
        }
        const { signer, signingKey, createdAt } = verifyDetachedSignature(signature, signed, keyring, now);
        return { signer, signingKey, createdAt, mode: 'text' };
      }),
    ),
  };
}

function evaluate(verify: () => VerifiedSignature): DocumentSignature {
  const result = evaluateCandidate(verify);
  return result.kind === 'evaluated' ? { valid: true, ...result.value } : { valid: false, ...result.rejection };
}

/** OpenPGP packets start with the highest bit set, ASCII text does not. */
function isBinary(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 0) & 0x80) !== 0;
}

/** Of signatures several blocks, of a message one; nothing but empty lines around them. */
function openArmor(bytes: Uint8Array, type: 'SIGNATURE' | 'MESSAGE'): Uint8Array {
  const lines = splitArmoredText(bytes);
  const blocks: Uint8Array[] = [];
  for (let index = lines.findIndex((line) => line !== ''); index >= 0;) {
    if (!startsArmor(lines[index], type) || (type === 'MESSAGE' && blocks.length > 0)) {
      throw new SignatureError(
        'SignatureMalformed',
        `line ${index + 1}: not the start of an armored ${type.toLowerCase()}`,
      );
    }
    if (blocks.length === MAX_DETACHED_SIGNATURES) {
      throw new SignatureError('LimitExceeded', `there are more than ${MAX_DETACHED_SIGNATURES} blocks of signatures`);
    }
    const block = decodeArmoredBlock(lines, index);
    blocks.push(block.bytes);
    index = lines.findIndex((line, position) => position > block.end && line !== '');
  }
  if (blocks.length === 0) throw new SignatureError('SignatureMalformed', `there is no ${type.toLowerCase()}`);
  return Buffer.concat(blocks);
}

function requireBlank(lines: readonly string[], from: number): void {
  const at = lines.findIndex((line, index) => index >= from && line !== '');
  if (at >= 0) throw new SignatureError('SignatureMalformed', `line ${at + 1}: text follows the signed text`);
}
