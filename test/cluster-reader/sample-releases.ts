import { type Digest, parseDigest, toStoreSegment } from '../../lib/base/names/digest.ts';
import { toDigest } from '../fixtures/make/payload.ts';
import { makeSigningProfile, type SigningProfile } from '../mirror/processes/signing-profile.ts';
import type { StoreContents } from '../mirror/processes/store-contents.ts';
import { openMessage } from '../support/reframe-message.ts';

/** A release in a signature store. */
export interface SampleRelease {
  readonly name: string;
  readonly digest: Digest;
  /** As the store has them. */
  readonly signatures: readonly Buffer[];
  /** How many of them a mirror holds. */
  readonly mirrored: number;
  /** Whether both keyrings are satisfied. */
  readonly isAccepted: boolean;
}

export interface SampleReleases {
  readonly profile: SigningProfile;
  readonly releases: readonly SampleRelease[];
  readonly contents: StoreContents;
}

const GOOD = 20;
const EMPTY = Buffer.alloc(0);

/** Releases of a profile with two keyrings: signed as they should be, and with each fault that a cluster rejects. */
export function makeSampleReleases(): SampleReleases {
  const profile = makeSigningProfile(2);
  const stranger = makeSigningProfile(1).signers[0];
  const [first, second] = profile.signers;
  if (first === undefined || second === undefined || stranger === undefined) throw new Error('there are three keys');
  const digestOf = (name: string): Digest => parseDigest(toDigest(`cluster reader ${name}`));
  const release = (name: string, sign: (digest: Digest) => readonly Buffer[], mirrored = 2): SampleRelease => {
    const digest = digestOf(name);
    return { name, digest, signatures: sign(digest), mirrored, isAccepted: mirrored === 2 };
  };
  const both = (digest: Digest): readonly [Buffer, Buffer] => [first(digest), second(digest)];
  const releases = [
    ...Array.from({ length: GOOD }, (_, index) => release(`good ${index}`, both)),
    release('junk before', (digest) => [Buffer.from('junk'), ...both(digest)]),
    release('the other order', (digest) => both(digest).toReversed()),
    release('an empty one before', (digest) => [EMPTY, ...both(digest)]),
    release('a stranger before', (digest) => [stranger(digest), ...both(digest)]),
    release('at the last places', (digest) => [...Array.from({ length: 7 }, () => stranger(digest)), ...both(digest)]),
    release('one keyring', (digest) => [first(digest)], 1),
    release('a stranger', (digest) => [stranger(digest)], 0),
    release('of another digest', () => both(digestOf('good 0')), 0),
    release('one flipped bit', (digest) => both(digest).map(flipLastBit), 0),
    release('cut short', (digest) => both(digest).map((bytes) => bytes.subarray(0, -20)), 0),
    release(
      'beyond the last place',
      (digest) => [...Array.from({ length: 9 }, () => stranger(digest)), first(digest)],
      0,
    ),
    release('nowhere', () => [], 0),
  ];
  const contents = releases.map(({ digest, signatures }) => [
    toStoreSegment(digest),
    { signatures: signatures.map((bytes) => bytes.toString('base64')) },
  ]);
  return { profile, releases, contents: Object.fromEntries(contents) as StoreContents };
}

/** Out of its compression, where the last byte belongs to the value of the signature. */
function flipLastBit(message: Buffer): Buffer {
  const flipped = Buffer.from(openMessage(message));
  flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
  return flipped;
}
