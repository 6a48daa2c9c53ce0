import { readRevocationKeys } from '../packets/signature-subpackets.ts';
import type { CertificatePackets, SelfStatement } from './certificate-packets.ts';
import type { PublicKeyPacket } from './public-key-packet.ts';
import { type Claimed, judgeOrigin, tryParseStatement } from './revocation.ts';

const USER_ID_TAG = 13;

/**
 * Keys that a certificate lets revoke it (RFC 9580 section 5.2.3.23): those that any of its own signatures names, not
 * the latest one alone, since a later signature does not take an authorisation back. Stricter than GnuPG, which reads
 * direct-key signatures only: signatures on user IDs count too.
 *
 * @param copies of one certificate in the key file
 * @param filed all certificates of the key file, among which the revokers' keys are looked up
 */
export function findDesignatedRevokers(
  copies: readonly CertificatePackets[],
  filed: readonly CertificatePackets[],
): readonly Claimed[] {
  const fingerprints = new Set<string>();
  for (const { primary, selfStatements } of copies) {
    for (const statement of selfStatements) {
      const named = readRevocationKeys(toHashedArea(statement.body)).fingerprints;
      if (named.length === 0 || !isOwn(statement, primary)) continue;
      for (const fingerprint of named) fingerprints.add(fingerprint);
    }
  }
  const keys = filed.flatMap(({ primary, subkeys }) => [primary, ...subkeys]);
  return [...fingerprints].map((fingerprint) => ({
    fingerprint,
    key: keys.find((key) => key.fingerprint === fingerprint),
  }));
}

/**
 * Why a key is revoked by a designated revoker; undefined when it is not.
 *
 * @param revocations of the whole key file
 * @param standing those of them that stand in the certificate: of these, one that cannot be checked counts
 * @param revoked what such a signature is over
 */
export function findDesignatedRevocation(
  revokers: readonly Claimed[],
  revocations: readonly Uint8Array[],
  standing: readonly Uint8Array[],
  revoked: Uint8Array,
): string | undefined {
  for (const revoker of revokers) {
    const { fingerprint } = revoker;
    for (const body of revocations) {
      const signature = tryParseStatement(body);
      const origin = signature && judgeOrigin(signature, revoker, revoked);
      if (origin === 'by the key') return `by its designated revoker ${fingerprint}`;
      if (origin === 'not checkable' && standing.includes(body)) {
        return `it carries a revocation by its designated revoker ${fingerprint} that cannot be checked, which counts`;
      }
    }
  }
  return undefined;
}

/** What cannot be read or checked counts as the key's own: it only lets others revoke. */
function isOwn({ body, user }: SelfStatement, primary: PublicKeyPacket): boolean {
  const signature = tryParseStatement(body);
  if (signature === undefined) return true;
  return judgeOrigin(signature, { ...primary, key: primary }, toSignedContent(primary, user)) !== 'not by the key';
}

/** What a self-signature is over (RFC 9580 section 5.2.4). */
function toSignedContent({ hashed }: PublicKeyPacket, user: SelfStatement['user']): Uint8Array {
  if (user === undefined) return hashed;
  const head = Buffer.alloc(5);
  head.writeUInt8(user.tag === USER_ID_TAG ? 0xb4 : 0xd1);
  head.writeUInt32BE(user.body.length, 1);
  return Buffer.concat([hashed, head, user.body]);
}

/** Version, type, two algorithms and a length of two octets come before it; version 3 has none. */
function toHashedArea(body: Uint8Array): Uint8Array {
  if (body[0] !== 4) return new Uint8Array();
  return body.subarray(6, 6 + (body[4] ?? 0) * 256 + (body[5] ?? 0));
}
