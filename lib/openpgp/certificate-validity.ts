import { enums, type Key, type SignaturePacket, type Subkey, type User } from 'openpgp';

/** What a certificate's own signatures say about one of its keys. */
export interface KeyValidity {
  /** Milliseconds since 1970; Infinity: never. */
  readonly expiresAt: number;
  /** Why it may not sign; undefined when it may. */
  readonly notForSigning: string | undefined;
}

const SIGN_DATA = 0x02;

/**
 * The primary key's validity by the latest self-signature of its primary user ID, as GnuPG and clusters take it.
 * Judged without a clock: each signature is checked as of its own creation.
 */
export async function judgePrimaryKey(key: Key): Promise<KeyValidity> {
  const candidates: { user: User; certification: SignaturePacket }[] = [];
  for (const user of key.users) {
    const certification = await findSelfCertification(key, user);
    if (certification !== undefined) candidates.push({ user, certification });
  }
  const chosen = candidates.toSorted((one, other) => rank(other.certification) - rank(one.certification))[0];
  if (chosen === undefined) {
    return { expiresAt: Number.POSITIVE_INFINITY, notForSigning: 'the key has no valid self-signature' };
  }
  const { certification } = chosen;
  return { expiresAt: expiryOf(key.keyPacket.created, certification), notForSigning: refuseFlags(certification) };
}

/** A subkey's validity by its latest binding signature; signing needs a valid cross-signature by the subkey itself. */
export async function judgeSubkey(key: Key, subkey: Subkey): Promise<KeyValidity> {
  const bound = { key: key.keyPacket, bind: subkey.keyPacket };
  const valid: SignaturePacket[] = [];
  for (const binding of subkey.bindingSignatures) {
    if (await isValid(binding, key.keyPacket, enums.signature.subkeyBinding, bound)) valid.push(binding);
  }
  const binding = valid.toSorted((one, other) => timeOf(other.created) - timeOf(one.created))[0];
  if (binding === undefined) {
    return { expiresAt: Number.POSITIVE_INFINITY, notForSigning: 'the subkey has no valid binding signature' };
  }
  const expiresAt = expiryOf(subkey.keyPacket.created, binding);
  const byFlags = refuseFlags(binding);
  if (byFlags !== undefined) return { expiresAt, notForSigning: byFlags };
  const cross = binding.embeddedSignature;
  const isCrossSigned = cross !== null && (await isValid(cross, subkey.keyPacket, enums.signature.keyBinding, bound));
  return { expiresAt, notForSigning: isCrossSigned ? undefined : 'the subkey has no valid cross-signature' };
}

async function findSelfCertification(key: Key, user: User): Promise<SignaturePacket | undefined> {
  const { userID } = user;
  if (userID === null) return undefined;
  const certified = { userID, key: key.keyPacket };
  const certifications: SignaturePacket[] = [];
  for (const certification of user.selfCertifications) {
    if (await isValid(certification, key.keyPacket, enums.signature.certGeneric, certified)) {
      certifications.push(certification);
    }
  }
  const latest = certifications.toSorted((one, other) => timeOf(other.created) - timeOf(one.created))[0];
  if (latest === undefined) return undefined;
  for (const revocation of user.revocationSignatures) {
    const isLater = timeOf(revocation.created) >= timeOf(latest.created);
    if (isLater && (await isValid(revocation, key.keyPacket, enums.signature.certRevocation, certified)))
      return undefined;
  }
  return latest;
}

/** A user ID marked primary outranks every other; then the latest signature counts. */
function rank(certification: SignaturePacket): number {
  return (certification.isPrimaryUserID === true ? 1e15 : 0) + timeOf(certification.created);
}

async function isValid(
  signature: SignaturePacket,
  by: Parameters<SignaturePacket['verify']>[0],
  type: enums.signature,
  over: object,
): Promise<boolean> {
  if (signature.created === null) return false;
  try {
    await signature.verify(by, type, over, signature.created, false);
    return true;
  } catch {
    // The library gives one error class for everything, from bad cryptography to an unknown critical subpacket: no.
    return false;
  }
}

/** The earlier of the key's expiry and that of the signature that vouches for it. */
function expiryOf(keyCreated: Date, signature: SignaturePacket): number {
  const lifetime = signature.keyNeverExpires === false ? signature.keyExpirationTime : null;
  const keyExpiry = lifetime === null ? Number.POSITIVE_INFINITY : timeOf(keyCreated) + lifetime * 1000;
  const signatureExpiry = signature.getExpirationTime();
  return Math.min(keyExpiry, signatureExpiry instanceof Date ? signatureExpiry.getTime() : Number.POSITIVE_INFINITY);
}

/** A key without flags may do everything, as GnuPG and clusters read it. */
function refuseFlags({ keyFlags }: SignaturePacket): string | undefined {
  if (keyFlags === null || ((keyFlags[0] ?? 0) & SIGN_DATA) !== 0) return undefined;
  return 'the key is not made for signing data';
}

function timeOf(date: Date | null): number {
  return date === null ? 0 : date.getTime();
}
