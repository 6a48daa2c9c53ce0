import { enums, type Key, type SignaturePacket, type Subkey } from 'openpgp';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import { isTimeOrFlagRepeated, readRevocationKeys } from '../packets/signature-subpackets.ts';

/** What a certificate's own signatures say about one of its keys. */
export interface KeyValidity {
  /** Milliseconds since 1970; Infinity: never. */
  readonly expiresAt: number;
  /** Milliseconds since 1970 at which this was last asserted: of two copies of a key, the later one counts. */
  readonly assertedAt: number;
  /** Why it may not sign; undefined when it may. */
  readonly notForSigning: string | undefined;
}

export interface PrimaryValidity extends KeyValidity {
  /** Why nothing of this certificate may be used, its subkeys included. */
  readonly unusable: string | undefined;
  /** User IDs that the key itself has signed; anybody can put another one into a key file. */
  readonly userIds: readonly string[];
}

const SIGN_DATA = 0x02;
const NEVER = Number.POSITIVE_INFINITY;
const EPOCH = new Date(0);

/** The library's errors for a signature that is not by the key it names: anybody can add one. */
const FORGED = new Set([
  'Signed digest did not match',
  'Signature verification failed',
  'Signature was not issued by the given public key',
  'Public key algorithm used to sign signature does not match issuer key algorithm.',
]);

type Judged = { readonly signature: SignaturePacket; readonly state: 'valid' | 'not understood' };

/**
 * The primary key by its latest self-signature on a user ID and its latest direct-key signature: the stricter of
 * the two counts. Judged without a clock: each signature is checked as of its own creation.
 *
 * A signature that is the key's own and is not understood (such as a critical subpacket) may take back what an older one
 * granted, so the older one does not count: the certificate is refused. Designated revokers are read in `revocation.ts`.
 */
export async function judgePrimaryKey(
  key: Key,
  directSignatures: readonly SignaturePacket[],
): Promise<PrimaryValidity> {
  const { keyPacket } = key;
  const users = await judgeUserIds(key);
  const direct: Judged[] = [];
  for (const signature of directSignatures) {
    direct.push(...(await judge(signature, keyPacket, [enums.signature.key], enums.signature.key, { key: keyPacket })));
  }
  const certification = latest(users.flatMap(({ own }) => own));
  const relevant = [certification, latest(direct)].filter((judged) => judged !== undefined);
  const unclear = relevant.find(({ state }) => state === 'not understood');
  const unusable =
    certification === undefined
      ? 'the key has no valid self-signature'
      : unclear &&
        'the key’s latest self-signature says something that is not understood, such as a designated revoker';
  // A user ID without an expiry takes away that of no other: GnuPG counts the latest that one of them has.
  const expiring = latest(users.flatMap(({ own }) => latest(own) ?? []).filter(isExpiring));
  const limits = expiring === undefined ? relevant : [...relevant, expiring];
  return {
    userIds: [...new Set(users.filter(({ own }) => own.length > 0).map(({ userId }) => userId))],
    unusable,
    notForSigning: unusable ?? relevant.map(({ signature }) => refuseFlags(signature)).find((why) => why !== undefined),
    expiresAt: Math.min(NEVER, ...limits.map(({ signature }) => expiryOf(keyPacket.created, signature))),
    assertedAt: Math.max(0, ...relevant.map(({ signature }) => timeOf(signature.created))),
  };
}

/** A subkey by its latest binding signature; signing needs a valid cross-signature by the subkey itself. */
export async function judgeSubkey(key: Key, copies: readonly Subkey[]): Promise<KeyValidity> {
  const [subkey] = copies;
  if (subkey === undefined) return { expiresAt: NEVER, assertedAt: 0, notForSigning: 'the subkey cannot be read' };
  const bound = { key: key.keyPacket, bind: subkey.keyPacket };
  const types = [enums.signature.subkeyBinding];
  const bindings: Judged[] = [];
  for (const binding of copies.flatMap(({ bindingSignatures }) => bindingSignatures)) {
    bindings.push(...(await judge(binding, key.keyPacket, types, enums.signature.subkeyBinding, bound)));
  }
  const chosen = latest(bindings);
  if (chosen === undefined) {
    return { expiresAt: NEVER, assertedAt: 0, notForSigning: 'the subkey has no valid binding signature' };
  }
  const { signature: binding, state } = chosen;
  const times = { expiresAt: expiryOf(subkey.keyPacket.created, binding), assertedAt: timeOf(binding.created) };
  if (state !== 'valid') return { ...times, notForSigning: 'the subkey’s latest binding signature is not understood' };
  const byFlags = refuseFlags(binding);
  if (byFlags !== undefined) return { ...times, notForSigning: byFlags };
  const isCrossSigned = await hasCrossSignature(binding, subkey, bound);
  return { ...times, notForSigning: isCrossSigned ? undefined : 'the subkey has no valid cross-signature' };
}

async function hasCrossSignature(
  { embeddedSignature }: SignaturePacket,
  subkey: Subkey,
  bound: object,
): Promise<boolean> {
  if (embeddedSignature === null) return false;
  const type = enums.signature.keyBinding;
  const judged = await judge(embeddedSignature, subkey.keyPacket, [type], type, bound);
  return judged.some(({ state }) => state === 'valid');
}

/** Each user ID with the key's own signatures on it, unless it was revoked after the last of them. */
async function judgeUserIds(
  key: Key,
): Promise<readonly { readonly userId: string; readonly own: readonly Judged[] }[]> {
  const judgedUsers: { userId: string; own: readonly Judged[] }[] = [];
  for (const user of key.users) {
    if (user.userID === null) continue;
    const certified = { userID: user.userID, key: key.keyPacket };
    const own: Judged[] = [];
    for (const signature of user.selfCertifications) {
      own.push(...(await judge(signature, key.keyPacket, CERTIFICATIONS, enums.signature.certGeneric, certified)));
    }
    const revocationType = enums.signature.certRevocation;
    const revocations: Judged[] = [];
    for (const signature of user.revocationSignatures) {
      revocations.push(...(await judge(signature, key.keyPacket, [revocationType], revocationType, certified)));
    }
    const lastOwn = timeOf(latest(own)?.signature.created ?? null);
    const isRevoked = revocations.some(({ signature }) => timeOf(signature.created) >= lastOwn);
    judgedUsers.push({ userId: user.userID.userID, own: isRevoked ? [] : own });
  }
  return judgedUsers;
}

const CERTIFICATIONS: readonly enums.signature[] = [
  enums.signature.certGeneric,
  enums.signature.certPersona,
  enums.signature.certCasual,
  enums.signature.certPositive,
];

/**
 * Nothing for a signature that the key did not make. The library does not compare a signature's own type with the
 * one asked for, so a document's signature would pass as a cross-signature: the type is compared here.
 */
async function judge(
  signature: SignaturePacket,
  by: Parameters<SignaturePacket['verify']>[0],
  types: readonly enums.signature[],
  verifyAs: enums.signature,
  over: object,
): Promise<readonly Judged[]> {
  if (signature.created === null || signature.signatureType === null) return [];
  if (!types.includes(signature.signatureType)) return [];
  // The library's last check refuses every signature that names a revocation key.
  const namesRevocationKey = signature.revocationKeyClass !== null;
  if (NAME_REVOKERS.includes(signature.signatureType)) signature.revocationKeyClass = null;
  try {
    await signature.verify(by, verifyAs, over, signature.created, false);
    requireNoRepetition(signature);
    if (namesRevocationKey) requireKnownRevokers(signature);
    return [{ signature, state: 'valid' }];
  } catch (error) {
    const isForged = error instanceof Error && FORGED.has(error.message);
    return isForged ? [] : [{ signature, state: 'not understood' }];
  }
}

/** Signatures whose designated revokers `revocation.ts` reads. */
const NAME_REVOKERS: readonly enums.signature[] = [enums.signature.key, ...CERTIFICATIONS];

function requireKnownRevokers(signature: SignaturePacket): void {
  if (readRevocationKeys(toHashedArea(signature) ?? new Uint8Array()).isUnderstood) return;
  throw new SignatureError('SignatureUnsupported', 'a revocation key is named in a form that is not known');
}

/** Of two expiries or flags the library takes the last, and GnuPG the first: such a signature is not understood. */
function requireNoRepetition(signature: SignaturePacket): void {
  const hashedArea = toHashedArea(signature);
  if (hashedArea !== undefined && !isTimeOrFlagRepeated(hashedArea)) return;
  throw new SignatureError('SignatureMalformed', 'a time or the flags of a key are given twice');
}

/** Version, type, two algorithms and a length of two octets come before the hashed subpackets. */
function toHashedArea({ version, signatureData }: SignaturePacket): Uint8Array | undefined {
  return version === 4 ? signatureData?.subarray(6) : undefined;
}

/** The last one; of several of the same second the strictest, so that their order in the file decides nothing. */
function latest(judged: readonly Judged[]): Judged | undefined {
  const time = ({ signature }: Judged): number => timeOf(signature.created);
  return judged.toSorted((one, other) => time(other) - time(one) || strictness(other) - strictness(one))[0];
}

function strictness({ signature, state }: Judged): number {
  if (state !== 'valid') return 3;
  if (refuseFlags(signature) !== undefined) return 2;
  const expiry = expiryOf(EPOCH, signature);
  return expiry === NEVER ? 0 : 1 / (1 + expiry);
}

/** The earlier of the key's expiry and that of the signature that asserts it. */
function expiryOf(keyCreated: Date, signature: SignaturePacket): number {
  const lifetime = signature.keyNeverExpires === false ? signature.keyExpirationTime : null;
  const keyExpiry = lifetime === null ? NEVER : timeOf(keyCreated) + lifetime * 1000;
  const signatureExpiry = signature.getExpirationTime();
  return Math.min(keyExpiry, signatureExpiry instanceof Date ? signatureExpiry.getTime() : NEVER);
}

function isExpiring({ signature }: Judged): boolean {
  return expiryOf(EPOCH, signature) !== NEVER;
}

/** A key without flags may do everything, as GnuPG and clusters read it. */
function refuseFlags({ keyFlags }: SignaturePacket): string | undefined {
  if (keyFlags === null || ((keyFlags[0] ?? 0) & SIGN_DATA) !== 0) return undefined;
  return 'the key is not made for signing data';
}

function timeOf(date: Date | null): number {
  return date === null ? 0 : date.getTime();
}
