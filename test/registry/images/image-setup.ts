import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Digest } from '../../../lib/base/names/digest.ts';
import { prepareKeyring } from '../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import type { ImageSource } from '../../../lib/registry/images/image-source.ts';
import type { ImagePolicy } from '../../../lib/trust/policy/image-policy.ts';
import type { PolicyRequirement, SignedByRequirement } from '../../../lib/trust/policy/policy-requirement.ts';
import type { SignedIdentity } from '../../../lib/trust/policy/signed-identity.ts';
import {
  decideByPolicy,
  type ImageDecision,
  type PolicyImageQuestion,
} from '../../../lib/verdict/decide/decide-by-policy.ts';
import { type CertificatePlan, writeCertificate } from '../../fixtures/make/certificate-writer.ts';
import { signMessage, writeRelease } from '../../fixtures/make/message-writer.ts';
import { KEY_CREATED, writePayload } from '../../fixtures/make/payload.ts';
import { makeEcdsaKey } from '../../fixtures/make/signing-key.ts';
import { makeManifest, toDigest } from '../client/registry-setup.ts';

export const NAME = 'quay.io/signet/app';
export const MANIFEST = makeManifest();
export const DIGEST: Digest = toDigest(MANIFEST);
export const NOW = new Date('2026-11-22T00:00:00Z');
export const ANY_TAG: SignedIdentity = { type: 'exactRepository', dockerRepository: NAME };

type CertificateDefects = Omit<CertificatePlan, 'primary' | 'userId'>;

export interface ImageSigner {
  /** The key file. */
  readonly certificate: Uint8Array;
  /** Another key file of the same key. */
  readonly certify: (plan: CertificateDefects) => Uint8Array;
  readonly sign: (plan?: { readonly digest?: string; readonly reference?: string }) => Uint8Array;
}

/** A key made for this run, with the certificate that the plan says. */
export function makeImageSigner(plan: CertificateDefects = {}): ImageSigner {
  const primary = makeEcdsaKey('P-256', KEY_CREATED);
  const certify = (defects: CertificateDefects): Uint8Array =>
    writeCertificate({ primary, userId: 'Signet image test', ...defects });
  return {
    certificate: certify(plan),
    certify,
    sign: ({ digest = DIGEST, reference = `${NAME}:1` } = {}) =>
      writeRelease(signMessage(primary, { content: writePayload({ digest, reference }) })),
  };
}

/** A `signedBy` requirement with the key files in it. */
export function signedBy(
  signers: readonly Pick<ImageSigner, 'certificate'>[],
  signedIdentity: SignedIdentity = ANY_TAG,
): SignedByRequirement {
  const keys = signers.map(({ certificate }) => ({ kind: 'data', bytes: certificate }) as const);
  return { type: 'signedBy', keyType: 'GPGKeys', keys, signedIdentity };
}

export function policyOf(...requirements: readonly PolicyRequirement[]): ImagePolicy {
  return { default: requirements, transports: new Map() };
}

export async function verify(
  source: ImageSource,
  policy: ImagePolicy,
  more: Partial<PolicyImageQuestion> = {},
): Promise<ImageDecision> {
  return await decideByPolicy({
    source,
    policy,
    async keys(key) {
      if (key.kind === 'path') throw new Error(`${key.path} was not to be read`);
      return (await prepareKeyring('test', key.bytes)).keyring;
    },
    now: NOW,
    signal: new AbortController().signal,
    ...more,
  });
}

/** Directories of one test, all removed together. */
export function createScratch() {
  const made: string[] = [];
  return {
    /** A `dir:` image; a signature that is undefined leaves its number out. */
    async image(
      signatures: readonly (Uint8Array | undefined)[] = [],
      manifest: Uint8Array = MANIFEST,
    ): Promise<string> {
      const directory = await this.directory();
      await writeFile(path.join(directory, 'manifest.json'), manifest);
      for (const [index, bytes] of signatures.entries()) {
        if (bytes !== undefined) await writeFile(path.join(directory, `signature-${index + 1}`), bytes);
      }
      return directory;
    },
    async directory(): Promise<string> {
      const directory = await mkdtemp(path.join(tmpdir(), 'signet-image-'));
      made.push(directory);
      return directory;
    },
    async remove(): Promise<void> {
      await Promise.all(made.splice(0).map((directory) => rm(directory, { recursive: true })));
    },
  };
}
