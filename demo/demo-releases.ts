import { createHash } from 'node:crypto';
import { createMessage, generateKey, type PrivateKey, sign } from 'openpgp';
import { type Digest, parseDigest } from '../lib/pullspec/digest.ts';

/** A made-up release, and what its publisher, or somebody else, put into the store for it. */
export interface DemoRelease {
  readonly title: string;
  readonly digest: Digest;
  /** What a store answers for `signature-1`; undefined: nothing. */
  readonly signature: Uint8Array | undefined;
}

export interface DemoPublisher {
  readonly armoredKey: string;
  readonly releases: readonly DemoRelease[];
}

export const DEMO_REPOSITORY = 'registry.example.com/demo/release';

/** Makes a key, three releases signed with it, and four that must not be trusted. */
export async function makeDemoReleases(): Promise<DemoPublisher> {
  const publisher = await makeKey('Demo publisher');
  const stranger = await makeKey('Stranger');
  const good = ['1.0.0', '1.0.1', '1.1.0'].map(async (version) => {
    const digest = digestOf(version);
    return {
      title: `release ${version}`,
      digest,
      signature: await signRelease(publisher, digest, `${DEMO_REPOSITORY}:${version}`),
    };
  });
  const wrongKey = digestOf('wrong key');
  const tampered = digestOf('tampered');
  const otherRepository = digestOf('other repository');
  return {
    armoredKey: publisher.toPublic().armor(),
    releases: [
      ...(await Promise.all(good)),
      {
        title: 'signed by a stranger’s key',
        digest: wrongKey,
        signature: await signRelease(stranger, wrongKey, `${DEMO_REPOSITORY}:1.2.0`),
      },
      {
        title: 'tampered after signing',
        digest: tampered,
        signature: tamper(await signRelease(publisher, digestOf('original'), `${DEMO_REPOSITORY}:1.2.1`), tampered),
      },
      {
        title: 'signed for another repository',
        digest: otherRepository,
        signature: await signRelease(publisher, otherRepository, 'registry.example.com/demo/other:1.2.2'),
      },
      { title: 'not signed', digest: digestOf('unsigned'), signature: undefined },
    ],
  };
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

function digestOf(text: string): Digest {
  return parseDigest(`sha256:${createHash('sha256').update(text).digest('hex')}`);
}
