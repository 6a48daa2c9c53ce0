import { parseStrictJson } from '../../../lib/base/documents/parse-strict-json.ts';
import { parseDockerReference } from '../../../lib/base/names/docker-reference.ts';
import { verifyMessage } from '../../../lib/crypto/openpgp/messages/verify-message.ts';
import { parseTrustedCertificates } from '../../../lib/crypto/sigstore/x509/certificate.ts';
import { splitPem } from '../../../lib/crypto/sigstore/x509/der.ts';
import { parsePolicyJson } from '../../../lib/trust/policy/parse-policy-json.ts';
import { Draw, toStream } from '../draw.ts';
import { judge } from '../run-target.ts';
import { readSignatureSeeds, type SignatureSeeds } from '../seeds/read-seeds.ts';
import type { OpenTarget } from '../target.ts';
import { createSignatures } from '../targets/signatures.ts';
import { CERTIFICATES } from '../targets/sigstore.ts';
import { readTarget } from '../targets/table.ts';
import { askGo, type GoQuestion } from './ask-go.ts';
import { askGpg } from './ask-gpg.ts';

/** Where the programs of the peers are; undefined for one that is not installed. */
export interface Peers {
  readonly go: string;
  readonly gpg: string | undefined;
}

export interface Comparison {
  readonly target: string;
  readonly compared: number;
  /** By Signet. */
  readonly accepted: number;
  /** By Signet, and by no peer: a wrong accept, in hexadecimal. */
  readonly alone: readonly string[];
  /** By a peer, and not by Signet, which is stricter by design. */
  readonly refused: number;
}

/** How inputs of one target become cases of peers, and what Signet makes of them. */
interface Subject {
  readonly kind: GoQuestion['kind'];
  /** The bytes that the peer gets; undefined for an input of another reader. */
  readonly select: (input: Uint8Array) => Uint8Array | undefined;
  readonly accepts: (bytes: Uint8Array, target: OpenTarget) => boolean | Promise<boolean>;
}

/** Composites of ML-DSA are read by no peer. */
function readPeerSeeds(): SignatureSeeds {
  const seeds = readSignatureSeeds();
  return { ...seeds, inputs: seeds.inputs.filter(({ name }) => !name.includes('mldsa')) };
}

/** First octet of a padding packet: RFC 9580 section 5.14 wants it ignored, and no peer knows it before a message. */
const PADDING = 0xd5;
const NOW = Date.parse('2026-11-22T00:00:00Z') / 1000;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const SUBJECTS: ReadonlyMap<string, Subject> = new Map<string, Subject>([
  [
    'signatures',
    {
      kind: 'm',
      select: (input) => (((input[0] ?? 0) & 0x80) === 0 || input[0] === PADDING ? undefined : input),
      accepts: async (bytes, target) => {
        const counts = { inputs: 0, genuine: 0, wrongAccepts: 0, exceptions: 0 };
        await judge(target, bytes, counts);
        return counts.genuine + counts.wrongAccepts > 0;
      },
    },
  ],
  [
    'sigstore',
    { kind: 'c', select: selectCertificate, accepts: isTaken((bytes) => parseTrustedCertificates(toPem(bytes), 'a')) },
  ],
  [
    'policies',
    { kind: 'p', select: selectText, accepts: isTaken((bytes) => parsePolicyJson('policy.json', UTF8.decode(bytes))) },
  ],
  [
    'references',
    {
      kind: 'r',
      select: (input) => selectText(input.subarray(1)),
      accepts: isTaken((bytes) => parseDockerReference(UTF8.decode(bytes))),
    },
  ],
  [
    'json',
    {
      kind: 'j',
      select: (input) => selectText(input.subarray(1)),
      accepts: isTaken((bytes) => parseStrictJson(UTF8.decode(bytes))),
    },
  ],
]);

/** Targets that a peer reads too. */
export const COMPARED: readonly string[] = [...SUBJECTS.keys()];

/** Inputs of a target by Signet, by Go and, where Go refuses a signed message, by gpg. */
export async function compareWithPeers(name: string, count: number, seed: number, peers: Peers): Promise<Comparison> {
  const subject = SUBJECTS.get(name);
  if (subject === undefined) throw new RangeError(`no peer reads the target ${JSON.stringify(name)}`);
  const fuzzed = name === 'signatures' ? createSignatures(verifyMessage, readPeerSeeds) : readTarget(name);
  const target = await fuzzed.open();
  const cases: { readonly bytes: Uint8Array; readonly isAccepted: boolean }[] = [];
  for (let iteration = 0; cases.length < count; iteration++) {
    const bytes = subject.select(target.make(new Draw(seed, toStream(name), iteration)));
    if (bytes !== undefined) cases.push({ bytes, isAccepted: await subject.accepts(bytes, target) });
  }
  const keyFile = Buffer.from(readSignatureSeeds().keyFile, 'base64');
  const questions = cases.map(({ bytes }) => ({ kind: subject.kind, bytes }));
  const answers = await askGo(peers.go, [{ kind: 'k', bytes: keyFile }, ...questions]);
  const isOk = (at: number): boolean => answers[at]?.startsWith('ok') === true;
  const open = cases.filter(({ isAccepted }, at) => isAccepted && !isOk(at)).map(({ bytes }) => bytes);
  const isByGpg = subject.kind === 'm' && peers.gpg !== undefined ? askGpg(peers.gpg, keyFile, open, NOW) : [];
  return {
    target: name,
    compared: cases.length,
    accepted: cases.filter(({ isAccepted }) => isAccepted).length,
    alone: open.filter((_, at) => isByGpg[at] !== true).map((bytes) => Buffer.from(bytes).toString('hex')),
    refused: cases.filter(({ isAccepted }, at) => !isAccepted && isOk(at)).length,
  };
}

function isTaken(read: (bytes: Uint8Array) => unknown): Subject['accepts'] {
  return (bytes) => {
    try {
      read(bytes);
      return true;
    } catch {
      // That it is the declared error is what the targets check.
      return false;
    }
  };
}

function selectText(bytes: Uint8Array): Uint8Array | undefined {
  try {
    UTF8.decode(bytes);
    return bytes;
  } catch {
    return undefined;
  }
}

function selectCertificate(input: Uint8Array): Uint8Array | undefined {
  if (input[0] !== CERTIFICATES) return undefined;
  const { blocks } = splitPem(Buffer.from(input.subarray(1)).toString('latin1'));
  return blocks.find(({ label }) => label === 'CERTIFICATE')?.der;
}

function toPem(der: Uint8Array): Uint8Array {
  return Buffer.from(
    `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`,
  );
}
