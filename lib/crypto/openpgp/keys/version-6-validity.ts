import { SignatureError } from '../../../base/errors/signature-error.ts';
import { toSaltLength } from '../packets/algorithms.ts';
import { type KeyProperties, readKeyProperties } from '../packets/key-properties.ts';
import type { UntrustedSignature } from '../packets/signature-packet.ts';
import { CERTIFICATIONS, type CertificatePackets, type SelfStatement } from './certificate-packets.ts';
import type { KeyValidity, PrimaryValidity } from './certificate-validity.ts';
import type { PublicKeyPacket } from './public-key-packet.ts';
import { judgeOrigin, toSignedContent, tryParseStatement } from './revocation.ts';

/** A signature that a key of the certificate made, and what it says; without properties it is not understood. */
interface Statement {
  readonly signature: UntrustedSignature;
  readonly properties: KeyProperties | undefined;
}

const SIGN_DATA = 0x02;
const NEVER = Number.POSITIVE_INFINITY;
const PRIMARY_KEY_BINDING = 0x19;

/**
 * The primary key of a version 6 certificate by its latest direct-key signature, which version 6 requires (RFC 9580
 * section 10.1.1), and its latest self-signature on a user ID, if any: the stricter of the two counts. By the rules for
 * version 4: each signature is judged as of its own creation, and one that is the key's own and is not understood may
 * take back what an older one granted, so the certificate is refused.
 */
export function judgeVersion6Key(packets: CertificatePackets): PrimaryValidity {
  const { primary, selfStatements } = packets;
  const directs = selfStatements.filter(({ user }) => user === undefined);
  const direct = latest(
    directs.flatMap((statement) => judge(statement.body, primary, toSignedContent(primary, undefined))),
  );
  const users = judgeUsers(packets);
  const certification = latest(users.flatMap(({ own }) => own));
  const relevant = [direct, certification].filter((statement) => statement !== undefined);
  const unusable = refuseStatements(direct, relevant);
  // As for version 4: a user ID without an expiry takes away that of no other.
  const expiring = latest(users.flatMap(({ own }) => latest(own) ?? []).filter(isExpiring));
  const limits = expiring === undefined ? relevant : [...relevant, expiring];
  return {
    userIds: [...new Set(users.filter(({ own }) => own.length > 0).map(({ userId }) => userId))],
    unusable,
    notForSigning: unusable ?? relevant.map(refuseFlags).find((why) => why !== undefined),
    expiresAt: Math.min(NEVER, ...limits.map((statement) => expiryOf(primary, statement))),
    assertedAt: Math.max(0, ...relevant.map(({ signature }) => signature.createdAt * 1000)),
  };
}

/** A subkey by its latest binding signature; signing needs a valid cross-signature by the subkey itself. */
export function judgeVersion6Subkey({ primary, bindings }: CertificatePackets, subkey: PublicKeyPacket): KeyValidity {
  const bound = Buffer.concat([primary.hashed, subkey.hashed]);
  const own = bindings.filter((binding) => binding.subkey.fingerprint === subkey.fingerprint);
  const binding = latest(own.flatMap(({ body }) => judge(body, primary, bound)));
  if (binding === undefined) {
    return { expiresAt: NEVER, assertedAt: 0, notForSigning: 'the subkey has no valid binding signature' };
  }
  const times = { expiresAt: expiryOf(subkey, binding), assertedAt: binding.signature.createdAt * 1000 };
  const { properties } = binding;
  if (properties === undefined) {
    return { ...times, notForSigning: 'the subkey’s latest binding signature is not understood' };
  }
  const byFlags = refuseFlags(binding);
  if (byFlags !== undefined) return { ...times, notForSigning: byFlags };
  const isCrossSigned = properties.embedded.some((body) =>
    judge(body, subkey, bound).some((cross) => cross.signature.type === PRIMARY_KEY_BINDING && cross.properties),
  );
  return { ...times, notForSigning: isCrossSigned ? undefined : 'the subkey has no valid cross-signature' };
}

function refuseStatements(direct: Statement | undefined, relevant: readonly Statement[]): string | undefined {
  if (direct === undefined) return 'the key has no valid direct-key signature, which version 6 requires';
  if (relevant.every(({ properties }) => properties !== undefined)) return undefined;
  return 'the key’s latest self-signature says something that is not understood';
}

/** Each user ID with the key's own signatures on it, unless it was revoked after the last of them. */
function judgeUsers({ primary, selfStatements, userRevocations }: CertificatePackets) {
  const judgeUser = ({ body, user }: SelfStatement) => judge(body, primary, toSignedContent(primary, user));
  const users = new Set(selfStatements.flatMap(({ user }) => user ?? []));
  return [...users].map((user) => {
    const certifications = selfStatements.filter((statement) => statement.user === user).flatMap(judgeUser);
    const own = certifications.filter(({ signature }) => CERTIFICATIONS.includes(signature.type));
    const lastOwn = latest(own)?.signature.createdAt ?? 0;
    const revocations = userRevocations.filter((statement) => statement.user === user).flatMap(judgeUser);
    const isRevoked = revocations.some(({ signature }) => signature.createdAt >= lastOwn);
    return { userId: Buffer.from(user.body).toString(), own: isRevoked ? [] : own };
  });
}

/**
 * Nothing for a signature that the key did not make, of another version, with a broken hash, or dated before its key. The
 * type is part of what is hashed, and whoever calls this has looked at it.
 */
function judge(body: Uint8Array, by: PublicKeyPacket, content: Uint8Array): readonly Statement[] {
  const signature = tryParseStatement(body);
  if (signature?.version !== 6 || signature.createdAt < by.createdAt) return [];
  const origin = judgeOrigin(signature, { fingerprint: by.fingerprint, key: by }, content);
  if (origin === 'not by the key') return [];
  if (origin === 'not checkable') return [{ signature, properties: undefined }];
  // Whoever can make two texts with one hash could have the key sign the other one.
  if (toSaltLength(signature.hashAlgorithm) === undefined) return [];
  return [{ signature, properties: tryReadProperties(body) }];
}

function tryReadProperties(body: Uint8Array): KeyProperties | undefined {
  try {
    return readKeyProperties(body);
  } catch (cause) {
    if (cause instanceof SignatureError) return undefined;
    throw cause;
  }
}

/** The last one; of several of the same second the strictest, so that their order in the file decides nothing. */
function latest(statements: readonly Statement[]): Statement | undefined {
  return statements.toSorted(
    (one, other) => other.signature.createdAt - one.signature.createdAt || strictness(other) - strictness(one),
  )[0];
}

function strictness(statement: Statement): number {
  if (statement.properties === undefined) return 3;
  if (refuseFlags(statement) !== undefined) return 2;
  const expiry = expiryOf({ createdAt: 0 }, statement);
  return expiry === NEVER ? 0 : 1 / (1 + expiry);
}

/** The earlier of the key's expiry and that of the signature that asserts it; milliseconds since 1970. */
function expiryOf({ createdAt }: Pick<PublicKeyPacket, 'createdAt'>, { signature, properties }: Statement): number {
  const { lifetime } = properties ?? {};
  const keyExpiry = lifetime === undefined ? NEVER : createdAt + lifetime;
  return Math.min(keyExpiry, signature.expiresAt ?? NEVER) * 1000;
}

function isExpiring(statement: Statement): boolean {
  return expiryOf({ createdAt: 0 }, statement) !== NEVER;
}

/** A key without flags may do everything, as version 4's. */
function refuseFlags({ properties }: Statement): string | undefined {
  const flags = properties?.flags;
  return flags === undefined || (flags & SIGN_DATA) !== 0 ? undefined : 'the key is not made for signing data';
}
