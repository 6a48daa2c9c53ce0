import { execFileSync } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { StoreError, type StoreErrorCode } from '../../../lib/base/errors/store-error.ts';
import { parseDockerReference } from '../../../lib/base/names/docker-reference.ts';
import type { ImageSource } from '../../../lib/registry/images/image-source.ts';
import { openDirectoryImage } from '../../../lib/registry/images/open-local-image.ts';
import type { PolicyRequirement } from '../../../lib/trust/policy/policy-requirement.ts';
import type { SignedIdentity } from '../../../lib/trust/policy/signed-identity.ts';
import type { ImageDecision } from '../../../lib/verdict/decide/decide-by-policy.ts';
import { toSeconds } from '../../fixtures/make/payload.ts';
import { toDigest } from '../../registry/client/registry-setup.ts';
import {
  createScratch,
  DIGEST,
  makeImageSigner,
  NAME,
  policyOf,
  signedBy,
  verify,
} from '../../registry/images/image-setup.ts';

const scratch = createScratch();
afterEach(() => scratch.remove());

const signer = makeImageSigner();
const other = makeImageSigner();
const DAY = 86_400;
const expired = makeImageSigner({ selfSignatures: [{ lifetime: 180 * DAY }] });
const revocation = { reason: 2, revokedAt: toSeconds('2026-01-01') };
const revoked = makeImageSigner({ revocation });
const junk = Buffer.from('junk');
const empty = { kind: 'data', bytes: Buffer.alloc(0) } as const;
const matchExact: SignedIdentity = { type: 'matchExact' };

/** The outcome, then the code of each requirement's first reason. */
function summarise({ outcome, requirements }: ImageDecision): readonly string[] {
  return [outcome, ...requirements.map(({ reasons }) => reasons[0]?.code ?? 'none')];
}

describe('a directory against its policy', () => {
  interface Row {
    readonly name: string;
    readonly signatures?: readonly (Uint8Array | undefined)[];
    readonly manifest?: Uint8Array;
    readonly policy: readonly PolicyRequirement[];
    readonly expected: readonly string[];
  }
  const good = signer.sign();
  const rows: readonly Row[] = [
    { name: 'signed', signatures: [good], policy: [signedBy([signer])], expected: ['accepted', 'none'] },
    { name: 'not signed', policy: [signedBy([signer])], expected: ['rejected', 'SignatureNotFound'] },
    {
      name: 'a gap before the signature, which nobody reads over',
      signatures: [undefined, good],
      policy: [signedBy([signer])],
      expected: ['rejected', 'SignatureNotFound'],
    },
    {
      name: 'junk signatures before a good one',
      signatures: [junk, other.sign(), signer.sign({ digest: toDigest('other') }), good],
      policy: [signedBy([signer])],
      expected: ['accepted', 'none'],
    },
    {
      name: 'a signature by another key',
      signatures: [other.sign()],
      policy: [signedBy([signer])],
      expected: ['rejected', 'KeyUnknown'],
    },
    {
      name: 'any key of any source',
      signatures: [other.sign()],
      policy: [signedBy([signer, other])],
      expected: ['accepted', 'none'],
    },
    {
      name: 'a manifest that is not the signed one',
      signatures: [good],
      manifest: Buffer.from('{"schemaVersion":2}'),
      policy: [signedBy([signer])],
      expected: ['rejected', 'DigestMismatch'],
    },
    {
      name: 'a signature for another repository',
      signatures: [signer.sign({ reference: `${NAME}-evil:1` })],
      policy: [signedBy([signer])],
      expected: ['rejected', 'IdentityMismatch'],
    },
    {
      name: 'a signature whose name is none',
      signatures: [signer.sign({ reference: '' })],
      policy: [signedBy([signer])],
      expected: ['rejected', 'IdentityMismatch'],
    },
    {
      name: 'an identity that needs the name that a directory has not',
      signatures: [good],
      policy: [signedBy([signer], matchExact)],
      expected: ['rejected', 'IdentityMismatch'],
    },
    {
      name: 'an expired key that signed later',
      signatures: [expired.sign()],
      policy: [signedBy([expired])],
      expected: ['rejected', 'KeyExpired'],
    },
    {
      name: 'a revoked key',
      signatures: [revoked.sign()],
      policy: [signedBy([revoked])],
      expected: ['rejected', 'KeyRevoked'],
    },
    {
      name: 'a key that another source shows as revoked',
      signatures: [good],
      policy: [signedBy([signer, { certificate: signer.certify({ revocation }) }])],
      expected: ['rejected', 'KeyRevoked'],
    },
    {
      name: 'two requirements, both met',
      signatures: [good, other.sign()],
      policy: [signedBy([signer]), signedBy([other])],
      expected: ['accepted', 'none', 'none'],
    },
    {
      name: 'two requirements, one met',
      signatures: [good],
      policy: [signedBy([signer]), signedBy([other])],
      expected: ['rejected', 'none', 'KeyUnknown'],
    },
    {
      name: 'met, and rejected by another requirement',
      signatures: [good],
      policy: [signedBy([signer]), { type: 'reject' }],
      expected: ['rejected', 'none', 'PolicyRejects'],
    },
    {
      name: 'anything, unsigned',
      policy: [{ type: 'insecureAcceptAnything' }],
      expected: ['accepted', 'none'],
    },
    {
      name: 'anything, beside a requirement that is not met',
      policy: [{ type: 'insecureAcceptAnything' }, signedBy([signer])],
      expected: ['rejected', 'none', 'SignatureNotFound'],
    },
    {
      name: 'a key type that no node reads',
      signatures: [good],
      policy: [{ ...signedBy([signer]), keyType: 'X509Certificates' }],
      expected: ['rejected', 'PolicyRejects'],
    },
    {
      name: 'a base layer requirement, which no node implements',
      signatures: [good],
      policy: [{ type: 'signedBaseLayer', baseLayerIdentity: matchExact }],
      expected: ['rejected', 'PolicyRejects'],
    },
    {
      name: 'sigstore, which is not evaluated yet',
      signatures: [good],
      policy: [
        signedBy([signer]),
        { type: 'sigstoreSigned', root: { kind: 'keys', keys: [empty], rekorKeys: [] }, signedIdentity: matchExact },
      ],
      expected: ['indeterminate', 'none', 'PolicyNotEvaluated'],
    },
    { name: 'no requirement', signatures: [good], policy: [], expected: ['rejected'] },
    {
      name: '128 junk signatures and a good one after them',
      signatures: [...Array.from({ length: 128 }, () => junk), good],
      policy: [signedBy([signer])],
      expected: ['indeterminate', 'StoreUnavailable'],
    },
    {
      name: '129 signatures, a good one first: the rest is not read',
      signatures: [good, ...Array.from({ length: 128 }, () => junk)],
      policy: [signedBy([signer])],
      expected: ['accepted', 'none'],
    },
    {
      name: 'a signature that is too long, then a good one',
      signatures: [Buffer.alloc(50 * 1024 + 1), good],
      policy: [signedBy([signer])],
      expected: ['accepted', 'none'],
    },
    {
      name: 'a signature that is too long, alone',
      signatures: [Buffer.alloc(50 * 1024 + 1)],
      policy: [signedBy([signer])],
      expected: ['indeterminate', 'StoreUnavailable'],
    },
  ];

  test.each(rows)('$name: $expected', async ({ signatures, manifest, policy, expected }) => {
    const source = await openDirectoryImage(await scratch.image(signatures, manifest));
    expect(summarise(await verify(source, policyOf(...policy)))).toEqual(expected);
  });

  const places: readonly { name: string; make: (file: string) => Promise<unknown> }[] = [
    { name: 'a directory', make: (file) => mkdir(file) },
    { name: 'a FIFO, which would hang a reader', make: async (file) => execFileSync('mkfifo', [file]) },
    { name: 'a link to a device', make: (file) => symlink('/dev/zero', file) },
    { name: 'a link to a good signature elsewhere', make: async (file) => symlink(await goodElsewhere(), file) },
    { name: 'a link to itself', make: (file) => symlink(file, file) },
  ];
  const goodElsewhere = async () => path.join(await scratch.image([good]), 'signature-1');

  test.each(places)('signature-1 is $name: it counts as failed, and hides nothing after it', async ({ make }) => {
    const policy = policyOf(signedBy([signer]));
    const alone = await scratch.image();
    await make(path.join(alone, 'signature-1'));
    expect(summarise(await verify(await openDirectoryImage(alone), policy))).toEqual([
      'indeterminate',
      'StoreUnavailable',
    ]);
    const followed = await scratch.image([undefined, good]);
    await make(path.join(followed, 'signature-1'));
    expect(summarise(await verify(await openDirectoryImage(followed), policy))).toEqual(['accepted', 'none']);
  });

  test('an empty key source satisfies nothing, whatever signatures there are', async () => {
    const source = await openDirectoryImage(await scratch.image([good]));
    const policy = policyOf({ ...signedBy([signer]), keys: [empty] });
    expect(summarise(await verify(source, policy))).toEqual(['rejected', 'KeyringUnsatisfied']);
  });

  test('a keyring without certificates, and a source without keyring, satisfy nothing', async () => {
    const source = await openDirectoryImage(await scratch.image([good]));
    const keys = async () => ({ name: 'none', certificates: [] });
    const result = await verify(source, policyOf(signedBy([signer])), { keys });
    expect(summarise(result)).toEqual(['rejected', 'KeyringUnsatisfied']);
  });

  test('accepting anything is said as a warning, with the digest of what was accepted', async () => {
    const source = await openDirectoryImage(await scratch.image());
    const { digest, requirements } = await verify(source, policyOf({ type: 'insecureAcceptAnything' }));
    expect(digest).toBe(DIGEST);
    expect(requirements[0]?.warnings).toMatchObject([{ code: 'PolicyNotEvaluated' }]);
  });

  test('every attempt is told, with keyring and place', async () => {
    const directory = await scratch.image([junk, other.sign()]);
    const result = await verify(await openDirectoryImage(directory), policyOf(signedBy([signer])));
    expect(result.requirements[0]?.attempts.map(({ code, location }) => [code, path.basename(location)])).toEqual([
      ['SignatureMalformed', 'signature-1'],
      ['KeyUnknown', 'signature-2'],
      ['SignatureNotFound', 'signature-3'],
    ]);
    expect(result.examined).toHaveLength(2);
  });
});

describe('what is contacted', () => {
  const refuse = (): never => {
    throw new Error('this must not be asked for');
  };
  const untouchable: ImageSource = {
    description: 'untouchable',
    image: { transport: 'docker', reference: parseDockerReference(`${NAME}:1`) },
    readManifest: refuse,
    readSignatures: refuse,
  };

  test.each<[string, PolicyRequirement]>([
    ['reject', { type: 'reject' }],
    ['signedBaseLayer', { type: 'signedBaseLayer', baseLayerIdentity: matchExact }],
    ['a key type that no node reads', { ...signedBy([signer]), keyType: 'signedByX509CAs' }],
  ])('nothing, where the policy rejects whatever the image is: %s', async (_, requirement) => {
    expect(summarise(await verify(untouchable, policyOf(requirement)))).toEqual(['rejected', 'PolicyRejects']);
  });

  test('no signature, where none is asked for', async () => {
    const source = { ...untouchable, readManifest: async () => Buffer.from('{}') };
    expect(summarise(await verify(source, policyOf({ type: 'insecureAcceptAnything' })))).toEqual(['accepted', 'none']);
  });

  test('no key file of another scope', async () => {
    const elsewhere = { ...signedBy([signer]), keys: [{ kind: 'path', path: '/no/such/key' } as const] };
    const policy = { ...policyOf({ type: 'reject' }), transports: new Map([['dir', new Map([['', [elsewhere]]])]]) };
    expect(summarise(await verify(untouchable, policy))).toEqual(['rejected', 'PolicyRejects']);
  });

  test.each<[StoreErrorCode, readonly string[]]>([
    ['ContentMismatch', ['rejected', 'ContentMismatch', 'PolicyRejects', 'ContentMismatch']],
    ['Unavailable', ['rejected', 'StoreUnavailable', 'PolicyRejects', 'StoreUnavailable']],
  ])('a registry that fails with %s leaves nothing accepted', async (code, expected) => {
    const readManifest = async () => {
      throw new StoreError(code, 'the registry failed');
    };
    const policy = policyOf(signedBy([signer]), { type: 'reject' }, { type: 'insecureAcceptAnything' });
    expect(summarise(await verify({ ...untouchable, readManifest }, policy))).toEqual(expected);
    const open = policyOf(signedBy([signer]));
    const { outcome } = await verify({ ...untouchable, readManifest }, open);
    expect(outcome).toBe(code === 'ContentMismatch' ? 'rejected' : 'indeterminate');
  });

  test('a manifest that is not of the digest in its name is refused before any signature is read', async () => {
    const reference = parseDockerReference(`${NAME}@${toDigest('asked for')}`);
    const source = {
      ...untouchable,
      image: { transport: 'docker', reference } as const,
      readManifest: async () => Buffer.from('{"schemaVersion":2}'),
    };
    expect(summarise(await verify(source, policyOf(signedBy([signer]))))).toEqual(['rejected', 'ContentMismatch']);
  });

  test('who gives up is told so, not that the image is refused', async () => {
    const controller = new AbortController();
    const source = {
      ...untouchable,
      async readManifest() {
        controller.abort(new Error('given up'));
        throw new StoreError('ConnectionFailed', 'cut off');
      },
    };
    const { signal } = controller;
    await expect(verify(source, policyOf(signedBy([signer])), { signal })).rejects.toThrow('given up');
  });
});
