import { evaluateSignedList } from '../../lib/artifact/checksums/evaluate-signed-list.ts';
import { evaluateSignedDocument, startDetachedSignatures } from '../../lib/artifact/documents/document-signatures.ts';
import { SignatureError } from '../../lib/base/errors/signature-error.ts';
import { type IndexedKeyring, indexKeyring } from '../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { parseSignedMessage } from '../../lib/crypto/openpgp/messages/signed-message.ts';
import { verifyMessage } from '../../lib/crypto/openpgp/messages/verify-message.ts';
import { writeArmor } from '../fixtures/make/armor-writer.ts';
import { writeCertificate } from '../fixtures/make/certificate-writer.ts';
import { onePassBody } from '../fixtures/make/message-writer.ts';
import { literalBody, newPacket, PACKET } from '../fixtures/make/packet-writer.ts';
import { KEY_CREATED, SIGNED } from '../fixtures/make/payload.ts';
import { SIGNATURE, type SignaturePlan, writeSignature } from '../fixtures/make/signature-writer.ts';
import { HASH, type HashName, makeRsaKey, type SigningKey } from '../fixtures/make/signing-key.ts';

export const NOW = Date.parse('2026-11-22T00:00:00Z') / 1000;
export const TEXT = 'what was signed';

export const SIGNER = makeRsaKey(2048, KEY_CREATED);
export const STRANGER = makeRsaKey(2048, KEY_CREATED);
export const CERTIFICATE = writeCertificate({ primary: SIGNER, userId: 'signer' });
const KEYRING = await toKeyring(CERTIFICATE);

type Plan = Partial<Omit<SignaturePlan, 'data'>> & { readonly data?: string | Uint8Array; readonly key?: SigningKey };

export function sign({ key = SIGNER, data = TEXT, ...plan }: Plan = {}): Buffer {
  const body = writeSignature(key, { type: SIGNATURE.binary, createdAt: SIGNED, ...plan, data: Buffer.from(data) });
  return newPacket(PACKET.signature, body);
}

export const literal = (content: string | Uint8Array = TEXT, fileName = ''): Buffer =>
  newPacket(PACKET.literal, literalBody({ content: Buffer.from(content), fileName }));

export const onePass = (key: SigningKey = SIGNER, type: number = SIGNATURE.binary, hash: HashName = key.hash): Buffer =>
  newPacket(PACKET.onePass, onePassBody(key, { type, hash: HASH[hash] }));

/** A message of the accepted shape. */
export const message = (content: string | Uint8Array = TEXT, plan: Plan = {}, fileName = ''): Buffer =>
  Buffer.concat([
    onePass(plan.key, plan.type, plan.hash),
    literal(content, fileName),
    sign({ data: content, ...plan }),
  ]);

/** A clearsigned text: `shown` are its lines as they stand in the file, `headers` with their ends. */
export function clearsigned({
  shown = `${TEXT}\n`,
  headers = 'Hash: SHA256\n',
  signed = TEXT,
  signature = sign({ type: SIGNATURE.text, data: signed }),
}: {
  readonly shown?: string;
  readonly headers?: string;
  readonly signed?: string | Uint8Array;
  readonly signature?: Buffer;
} = {}): Buffer {
  const armor = writeArmor(signature, { type: 'SIGNATURE' });
  return Buffer.from(`-----BEGIN PGP SIGNED MESSAGE-----\n${headers}\n${shown}${armor}\n`, 'latin1');
}

/** As the verification of a release decides. */
export function askRelease(bytes: Uint8Array, keyring: IndexedKeyring = KEYRING): string {
  return codeOf(() => verifyMessage(parseSignedMessage(bytes), keyring, NOW));
}

/** @param certificates as a key file holds them */
export async function toKeyring(certificates: Uint8Array): Promise<IndexedKeyring> {
  return indexKeyring((await prepareKeyring('test', certificates)).keyring);
}

/** As `signet checksums verify` and `signet sopv inline-verify` decide, which have to agree: the code of the first fault. */
export function askDocument(bytes: Uint8Array): string {
  const { signatures, signed } = evaluateSignedList(bytes, undefined, KEYRING, NOW);
  const list = signed === undefined ? (signatures.flatMap((one) => (one.valid ? [] : [one.code]))[0] ?? '') : 'accept';
  const document = codeOf(() => {
    const [first] = evaluateSignedDocument(bytes, KEYRING, NOW).signatures;
    if (first === undefined) throw new SignatureError('SignatureMalformed', 'there is no signature');
    if (!first.valid) throw new SignatureError(first.code, first.message);
  });
  return list === document ? list : `${list} as a list, ${document} as a document`;
}

/** As `signet sopv verify` decides. */
export function askDetached(signatures: Uint8Array, data: string): string {
  return codeOf(() => {
    const started = startDetachedSignatures(signatures, KEYRING);
    started.update(Buffer.from(data));
    const [first] = started.verify(NOW);
    if (first === undefined) throw new SignatureError('SignatureMalformed', 'there is no signature');
    if (!first.valid) throw new SignatureError(first.code, first.message);
  });
}

function codeOf(ask: () => unknown): string {
  try {
    ask();
    return 'accept';
  } catch (error) {
    if (error instanceof SignatureError) return error.code;
    throw error;
  }
}
