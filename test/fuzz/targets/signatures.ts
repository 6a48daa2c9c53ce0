import { evaluateSignedList } from '../../../lib/artifact/checksums/evaluate-signed-list.ts';
import { SignatureError } from '../../../lib/base/errors/signature-error.ts';
import { indexKeyring } from '../../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { parseSignedMessage } from '../../../lib/crypto/openpgp/messages/signed-message.ts';
import { toSignatureIdentity, verifyMessage } from '../../../lib/crypto/openpgp/messages/verify-message.ts';
import { MAX_DECOMPRESSED_BYTES } from '../../../lib/crypto/openpgp/packets/decompress.ts';
import { PacketTag, readPacket } from '../../../lib/crypto/openpgp/packets/packet-reader.ts';
import { openMessage } from '../../support/reframe-message.ts';
import type { Draw } from '../draw.ts';
import { mutateBytes } from '../mutate/bytes.ts';
import { compress, mutatePackets, type Packet, writePackets } from '../mutate/packets.ts';
import { type GenuineText, readSignatureSeeds, type SignatureSeeds } from '../seeds/read-seeds.ts';
import { type FuzzTarget, GENUINE, type OpenTarget, type Outcome, REFUSED } from '../target.ts';

const NOW = Date.parse('2026-11-22T00:00:00Z') / 1000;
const DASH = 0x2d;

type Verify = typeof verifyMessage;

/**
 * OpenPGP messages and clearsigned files, against a keyring of good, revoked, expired and limited keys. What is accepted
 * has to be content that its very key signed.
 *
 * @param verify a test passes one that accepts too much, or throws
 * @param seeds all, where no peer has to read them
 */
export function createSignatures(verify: Verify = verifyMessage, seeds = readSignatureSeeds): FuzzTarget {
  return {
    name: 'signatures',
    summary: 'OpenPGP messages and clearsigned files: packets, signatures, compression, octets',
    open: () => openSignatures(verify, seeds()),
  };
}

async function openSignatures(verify: Verify, seeds: SignatureSeeds): Promise<OpenTarget> {
  const { keyring } = await prepareKeyring('fuzz', Buffer.from(seeds.keyFile, 'base64'));
  const keys = indexKeyring(keyring);
  const inputs = seeds.inputs.map(({ name, bytes, weight }) => ({ name, weight, bytes: Buffer.from(bytes, 'base64') }));
  const messages = inputs.filter(({ bytes }) => bytes[0] !== DASH);
  const split = new Map(messages.map(({ bytes }) => [bytes, splitMessage(bytes)]));
  const weighted = inputs.flatMap(({ bytes, weight }) => Array.from({ length: weight }, () => bytes));
  const pool = [...split.values()].flat();
  const all = inputs.map(({ bytes }) => bytes);
  const oracle = createOracle(seeds.genuine);

  const check = (input: Uint8Array): Outcome => {
    if (isText(input)) return checkText(input);
    try {
      const message = parseSignedMessage(input);
      if (message.content.length > MAX_DECOMPRESSED_BYTES) {
        return { kind: 'out of bounds', detail: `content of ${message.content.length} bytes` };
      }
      const { signer, signingKey, content } = verify(message, keys, NOW);
      toSignatureIdentity(message, signingKey);
      return oracle(signer, signingKey, content);
    } catch (error) {
      if (error instanceof SignatureError) return REFUSED;
      throw error;
    }
  };
  const checkText = (input: Uint8Array): Outcome => {
    const { signatures, signed } = evaluateSignedList(input, undefined, keys, NOW);
    const fault = signatures.find((one) => !one.valid && one.note !== undefined);
    if (fault !== undefined && !fault.valid) throw new Error(fault.note);
    if (signed === undefined) return REFUSED;
    const outcomes = signatures.map((one) =>
      one.valid ? oracle(one.signer, one.signingKey, signed.content) : REFUSED,
    );
    return (
      outcomes.find(({ kind }) => kind !== 'genuine') ??
      (outcomes.length === 0 ? toWrong('no signature', signed.content) : GENUINE)
    );
  };
  return { make: (draw) => makeInput(draw, draw.pick(weighted)), check };

  function makeInput(draw: Draw, seed: Buffer<ArrayBuffer>): Uint8Array {
    const packets = split.get(seed);
    if (packets === undefined) return mutateText(draw, seed);
    switch (draw.below(8)) {
      case 0:
        return mutateBytes(draw, seed, all);
      case 1:
        // Octets inside of the compression, where octets outside of it do not reach.
        return wrap(draw, mutateBytes(draw, writePackets(draw, packets), all));
      case 2:
        // Another framing of what is signed: a reader may well accept it.
        return wrap(draw, writePackets(draw, packets));
      default:
        return wrap(draw, writePackets(draw, mutatePackets(draw, packets, pool)));
    }
  }

  function mutateText(draw: Draw, seed: Buffer): Uint8Array {
    const text = seed.toString('latin1');
    const other = draw.pick(all.filter((bytes) => bytes[0] === DASH)).toString('latin1');
    const [lines, foreign] = [text.split('\n'), other.split('\n')];
    const at = draw.below(lines.length);
    switch (draw.below(6)) {
      case 0:
        lines.splice(at, 1);
        break;
      case 1:
        lines.splice(at, 0, draw.pick([...foreign, '', '-', '- ', 'Hash: SHA1', 'Comment: a', ' ']));
        break;
      case 2:
        lines[at] = `${lines[at]}${draw.pick([' ', '\t', '\r', '\v', ' ', '-'])}`;
        break;
      case 3:
        lines.splice(at, lines.length, ...foreign.slice(at));
        break;
      case 4:
        lines.push(...lines);
        break;
      default:
        return mutateBytes(draw, seed, all);
    }
    return Buffer.from(lines.join('\n'), 'latin1');
  }
}

function wrap(draw: Draw, packets: Buffer): Buffer {
  if (draw.once(2)) return packets;
  return writePackets(draw, [{ tag: PacketTag.compressedData, body: compress(draw, packets) }]);
}

function splitMessage(message: Uint8Array): readonly Packet[] {
  const bytes = openMessage(message);
  const packets: Packet[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const { tag, body, end } = readPacket(bytes, offset);
    packets.push({ tag, body });
    offset = end;
  }
  return packets;
}

/** Files are read by another reader than messages of a store, which are binary. */
function isText(input: Uint8Array): boolean {
  return ((input[0] ?? 0) & 0x80) === 0;
}

function createOracle(genuine: readonly GenuineText[]) {
  const signed = new Set(
    genuine.flatMap(({ signer, signingKey, content, isText: isLines }) => {
      const bytes = Buffer.from(content, 'base64').toString('latin1');
      const owner = `${signer} ${signingKey}`;
      return isLines ? [`${owner} ${bytes}`, `${owner} lines ${withLineFeeds(bytes)}`] : [`${owner} ${bytes}`];
    }),
  );
  return (signer: string, signingKey: string, content: Uint8Array): Outcome => {
    const text = Buffer.from(content).toString('latin1');
    const owner = `${signer} ${signingKey}`;
    if (signed.has(`${owner} ${text}`) || signed.has(`${owner} lines ${withLineFeeds(text)}`)) return GENUINE;
    return toWrong(`key ${signingKey}`, content);
  };
}

function toWrong(by: string, content: Uint8Array): Outcome {
  return {
    kind: 'wrong accept',
    detail: `accepted by ${by}: ${JSON.stringify(Buffer.from(content).toString('latin1').slice(0, 200))}`,
  };
}

function withLineFeeds(text: string): string {
  return text.replaceAll('\r\n', '\n');
}
