import { createMessage, generateKey, type PrivateKey, sign } from 'openpgp';
import type { Digest } from '../lib/base/names/digest.ts';
import { DEMO_IMAGES, type DemoImage, digestOf } from './demo-images.ts';

/** A made-up release, and what its publisher, or somebody else, put into the store for it. */
export interface DemoRelease extends DemoImage {
  /** What a store answers for `signature-1`; undefined: nothing. */
  readonly signature: Uint8Array | undefined;
}

export interface DemoPublisher {
  readonly armoredKey: string;
  readonly releases: readonly DemoRelease[];
}

export const DEMO_REPOSITORY = 'registry.example.com/demo/release';

const { first, patch, minor, wrongKey, tampered, otherRepository, unsigned } = DEMO_IMAGES;

/** Makes a key, three releases signed with it, and four that must not be trusted. */
export async function makeDemoReleases(): Promise<DemoPublisher> {
  const publisher = await makeKey('Demo publisher');
  const stranger = await makeKey('Stranger');
  const good = [first, patch, minor].map(async (image) => ({
    ...image,
    signature: await signRelease(publisher, image.digest, toReference(image)),
  }));
  const original = await signRelease(publisher, digestOf('original'), toReference(tampered));
  return {
    armoredKey: publisher.toPublic().armor(),
    releases: [
      ...(await Promise.all(good)),
      { ...wrongKey, signature: await signRelease(stranger, wrongKey.digest, toReference(wrongKey)) },
      { ...tampered, signature: tamper(original, tampered.digest) },
      {
        ...otherRepository,
        signature: await signRelease(
          publisher,
          otherRepository.digest,
          `registry.example.com/demo/other:${otherRepository.tag}`,
        ),
      },
      { ...unsigned, signature: undefined },
    ],
  };
}

function toReference({ tag }: DemoImage): string {
  return `${DEMO_REPOSITORY}:${tag}`;
}

async function makeKey(name: string): Promise<PrivateKey> {
  const { privateKey } = await generateKey({ type: 'rsa', rsaBits: 3072, userIDs: [{ name }], format: 'object' });
  return privateKey;
}

async function signRelease(key: PrivateKey, digest: Digest, reference: string): Promise<Uint8Array> {
  const payload = {
    critical: {
      image: { 'docker-manifest-digest': digest },
      type: 'atomic container signature',
      identity: { 'docker-reference': reference },
    },
    optional: { creator: 'Signet demo' },
  };
  const message = await createMessage({ binary: new TextEncoder().encode(JSON.stringify(payload)) });
  const signed: unknown = await sign({ message, signingKeys: key, format: 'binary' });
  if (!(signed instanceof Uint8Array)) throw new TypeError('the OpenPGP library gave no bytes');
  return signed;
}

/** Puts another digest into a message that is signed and not compressed: what a thief of a store would try. */
function tamper(signature: Uint8Array, digest: Digest): Uint8Array {
  const original = Buffer.from(signature);
  const at = original.indexOf('sha256:');
  return Buffer.concat([original.subarray(0, at), Buffer.from(digest), original.subarray(at + digest.length)]);
}
