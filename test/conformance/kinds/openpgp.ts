import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { inflateRawSync } from 'node:zlib';
import * as v from 'valibot';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import {
  type IndexedKeyring,
  indexKeyring,
  type PreparedCertificate,
} from '../../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { parseSignedMessage } from '../../../lib/crypto/openpgp/messages/signed-message.ts';
import { verifyMessage } from '../../../lib/crypto/openpgp/messages/verify-message.ts';
import { Compression } from '../../../lib/crypto/openpgp/packets/decompress.ts';
import { PacketTag, readPacket } from '../../../lib/crypto/openpgp/packets/packet-reader.ts';
import { verifySignature } from '../../../lib/verdict/judge/verify-signature.ts';
import type { KindRunner } from '../kinds.ts';
import type { Vector } from '../read-vectors.ts';
import { VECTOR_TIME } from '../vector-time.ts';

const Keyrings = v.looseObject({ keyrings: v.array(v.string()) });
const Message = v.looseObject({ signature: v.string() });

export const importKeyring: KindRunner = async (vector) => {
  const { keyrings } = v.parse(Keyrings, vector.inputs);
  const certificates = await readCertificates(vector.root, keyrings);
  return { fingerprints: certificates.map(({ fingerprint }) => fingerprint) };
};

export const untrustedContents: KindRunner = async (vector) => {
  const { content, signerKeyId } = parseSignedMessage(withoutCompression(await readSignature(vector)));
  return { contentUtf8: Buffer.from(content).toString('utf8'), keyId: signerKeyId };
};

/** Signet reads no content that is not verified; containers/image also shows what bytes after the compressed data spoil. */
function withoutCompression(message: Uint8Array): Uint8Array {
  const { tag, body } = readPacket(message, 0);
  return tag === PacketTag.compressedData && body[0] === Compression.zip ? inflateRawSync(body.subarray(1)) : message;
}

export const verifyMessageKind: KindRunner = async (vector) => {
  const message = parseSignedMessage(await readSignature(vector));
  const { content, signer, signingKey } = verifyMessage(message, await readKeyring(vector), VECTOR_TIME);
  return {
    signerPrimaryFingerprint: signer,
    signerSubkeyFingerprint: signingKey,
    contentUtf8: Buffer.from(content).toString('utf8'),
    contentSha256: createHash('sha256').update(content).digest('hex'),
  };
};

export const verifyRelease: KindRunner = async (vector) => {
  const { releaseDigest } = v.parse(v.looseObject({ releaseDigest: v.string() }), vector.inputs);
  const requirement = {
    digest: parseDigest(releaseDigest),
    signedRepositories: undefined,
    payloadMode: 'release',
  } as const;
  const message = parseSignedMessage(await readSignature(vector));
  return { ...verifySignature(message, await readKeyring(vector), requirement, VECTOR_TIME) };
};

async function readSignature({ inputs, root }: Vector): Promise<Uint8Array> {
  return readFile(path.join(root, v.parse(Message, inputs).signature));
}

/** The key files of a case are one keyring. */
async function readKeyring({ inputs, root }: Vector): Promise<IndexedKeyring> {
  return indexKeyring({
    name: 'vector',
    certificates: await readCertificates(root, v.parse(Keyrings, inputs).keyrings),
  });
}

async function readCertificates(root: string, files: readonly string[]): Promise<readonly PreparedCertificate[]> {
  const certificates: PreparedCertificate[] = [];
  for (const file of files) {
    const { keyring } = await prepareKeyring(file, await readFile(path.join(root, file)));
    certificates.push(...keyring.certificates);
  }
  return certificates;
}
