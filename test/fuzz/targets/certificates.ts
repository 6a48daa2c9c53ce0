import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { SignatureError } from '../../../lib/base/errors/signature-error.ts';
import {
  MAX_CERTIFICATES,
  type PreparedCertificate,
  type PreparedKey,
} from '../../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { readPacket } from '../../../lib/crypto/openpgp/packets/packet-reader.ts';
import { writeArmor } from '../../fixtures/make/armor-writer.ts';
import type { Draw } from '../draw.ts';
import { mutateBytes } from '../mutate/bytes.ts';
import { mutatePackets, type Packet, writePackets } from '../mutate/packets.ts';
import { readSignatureSeeds } from '../seeds/read-seeds.ts';
import { type FuzzTarget, GENUINE, type OpenTarget, type Outcome, REFUSED } from '../target.ts';

const PUBLIC_KEY = 6;
const ARMOR = { type: 'PUBLIC KEY BLOCK' } as const;

/** Keys that others may revoke: in each file the revoker's certificate is beside the key, in another order. */
const REVOKERS = path.join(import.meta.dirname, '../../fixtures/openpgp/revokers/keys');

interface Seed {
  readonly file: Buffer;
  readonly packets: readonly Packet[];
  readonly certificates: readonly PreparedCertificate[];
}

/**
 * OpenPGP key files, binary and armored. A key that comes out able to sign has to be one that its certificate lets
 * sign, for no longer, and a revocation that is in the file with its certificate has to count.
 *
 * @param prepare a test passes one that accepts too much, or throws
 */
export function createCertificates(prepare: typeof prepareKeyring = prepareKeyring): FuzzTarget {
  return {
    name: 'certificates',
    summary: 'OpenPGP key files: armor, packets, self-signatures, revocations, octets',
    open: () => openCertificates(prepare),
  };
}

async function openCertificates(prepare: typeof prepareKeyring): Promise<OpenTarget> {
  const whole = Buffer.from(readSignatureSeeds().keyFile, 'base64');
  const own = await Promise.all(splitFile(whole).map(readSeed));
  const revokers = readdirSync(REVOKERS)
    .map((name) => readFileSync(path.join(REVOKERS, name)))
    .filter(([first = 0]) => (first & 0x80) !== 0);
  const seeds = [...own, ...(await Promise.all(revokers.map(readSeed)))];
  const pool = seeds.flatMap(({ packets }) => packets);
  const files = seeds.map(({ file }) => file);
  const genuine = new Map(listKeys(own).map(({ name, key }) => [name, key]));
  // What the owner of one of these says last may be taken out of a file, and then an earlier word counts.
  const changing = new Set(listKeys(seeds.slice(own.length)).map(({ name }) => name));
  const revoked = seeds.filter((seed) => listKeys([seed]).some(({ key }) => key.revoked !== undefined));

  const check = async (input: Uint8Array): Promise<Outcome> => {
    try {
      const { keyring } = await prepare('fuzz', input);
      if (keyring.certificates.length > MAX_CERTIFICATES) {
        return { kind: 'out of bounds', detail: `${keyring.certificates.length} certificates` };
      }
      const keys = keyring.certificates.flatMap((certificate) => certificate.keys.map((key) => ({ certificate, key })));
      const wrong = keys
        .map(({ certificate, key }) => findFault(certificate, key))
        .find((fault) => fault !== undefined);
      if (wrong !== undefined) return { kind: 'wrong accept', detail: wrong };
      const hidden = findHidden(
        input,
        keys.map(({ key }) => key),
      );
      return hidden === undefined ? GENUINE : { kind: 'wrong accept', detail: `revoked, and usable: ${hidden}` };
    } catch (error) {
      if (error instanceof ConfigurationError) return REFUSED;
      throw error;
    }
  };

  function findFault(certificate: PreparedCertificate, key: PreparedKey): string | undefined {
    if (!isUsable(key)) return undefined;
    const name = toName(certificate, key);
    if (changing.has(name)) return undefined;
    const known = genuine.get(name);
    // A revocation that was taken out of the file is unknown to every reader.
    if (known === undefined || known.notForSigning !== undefined)
      return `may sign, and its owner did not say so: ${name}`;
    const isLonger = (key.expiresAt ?? Number.POSITIVE_INFINITY) > (known.expiresAt ?? Number.POSITIVE_INFINITY);
    return isLonger ? `valid until ${key.expiresAt}, and its owner said ${known.expiresAt}: ${name}` : undefined;
  }

  /** A key that is usable although the file holds its revoked certificate unchanged, whatever is around it. */
  function findHidden(input: Uint8Array, keys: readonly PreparedKey[]): string | undefined {
    const bytes = Buffer.from(input.buffer, input.byteOffset, input.length);
    const starts = listStarts(bytes);
    for (const seed of revoked) {
      // What is within another packet is its content, to every reader.
      if (!starts.some((start) => bytes.subarray(start, start + seed.file.length).equals(seed.file))) continue;
      const never = listKeys([seed]).filter(({ key }) => key.revoked !== undefined);
      // Of several copies of a key the revoked one counts.
      const found = never.find((one) => {
        const copies = keys.filter(({ fingerprint }) => fingerprint === one.key.fingerprint);
        return copies.length > 0 && copies.every(isUsable);
      })?.key;
      if (found !== undefined) return found.fingerprint;
    }
    return undefined;
  }

  const make = (draw: Draw): Uint8Array => {
    const some = Array.from({ length: draw.once(3) ? 2 : 1 }, () => draw.pick(seeds));
    const binary = Buffer.concat(some.map((seed) => mutateCertificate(draw, seed)));
    if (!draw.once(3)) return binary;
    const armor = Buffer.from(
      writeArmor(binary, { ...ARMOR, checksum: draw.pick(['right', 'right', 'none', 'wrong']) }),
    );
    return draw.once(2) ? armor : mutateBytes(draw, armor, [Buffer.from(writeArmor(draw.pick(files), ARMOR))]);
  };

  function mutateCertificate(draw: Draw, { file, packets }: Seed): Uint8Array {
    switch (draw.below(8)) {
      case 0:
        return file;
      case 1:
        return mutateBytes(draw, file, files);
      case 2:
        return writePackets(draw, packets);
      default:
        return writePackets(draw, mutatePackets(draw, packets, pool));
    }
  }
  return { make, check };
}

function isUsable({ revoked, notForSigning }: PreparedKey): boolean {
  return revoked === undefined && notForSigning === undefined;
}

function toName(certificate: PreparedCertificate, key: PreparedKey): string {
  return `${certificate.fingerprint} ${key.fingerprint}`;
}

function listKeys(seeds: readonly Seed[]): readonly { readonly name: string; readonly key: PreparedKey }[] {
  return seeds.flatMap(({ certificates }) =>
    certificates.flatMap((certificate) => certificate.keys.map((key) => ({ name: toName(certificate, key), key }))),
  );
}

function splitFile(file: Buffer): readonly Buffer[] {
  const starts: number[] = [];
  for (let offset = 0; offset < file.length;) {
    const { tag, end } = readPacket(file, offset);
    if (tag === PUBLIC_KEY) starts.push(offset);
    offset = end;
  }
  return starts.map((start, at) => file.subarray(start, starts[at + 1]));
}

/** Where packets start, as far as they can be read. */
function listStarts(file: Buffer): readonly number[] {
  const starts: number[] = [];
  try {
    for (let offset = 0; offset < file.length; offset = readPacket(file, offset).end) starts.push(offset);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
  }
  return starts;
}

async function readSeed(file: Buffer): Promise<Seed> {
  const packets: Packet[] = [];
  for (let offset = 0; offset < file.length;) {
    const { tag, body, end } = readPacket(file, offset);
    packets.push({ tag, body });
    offset = end;
  }
  const { keyring } = await prepareKeyring('seed', file);
  return { file, packets, certificates: keyring.certificates };
}
