import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Digest } from '../../../lib/base/names/digest.ts';
import { writeArmor } from '../../fixtures/make/armor-writer.ts';
import { writeCertificate } from '../../fixtures/make/certificate-writer.ts';
import { signMessage, writeRelease } from '../../fixtures/make/message-writer.ts';
import { KEY_CREATED, RELEASE_REPOSITORY, writePayload } from '../../fixtures/make/payload.ts';
import { makeEcdsaKey, makeRsaKey } from '../../fixtures/make/signing-key.ts';

/** A release signature of this digest by the key of one keyring. */
export type Sign = (digest: Digest, version?: string) => Buffer;

/** Keys made for this run, one keyring each. */
export interface SigningProfile {
  /** The release-verification ConfigMap that names them and these stores, as JSON. */
  readonly toConfigMap: (...storeUrls: readonly string[]) => string;
  readonly signers: readonly Sign[];
}

export function makeSigningProfile(keyrings: number, kind: 'p256' | 'rsa2048' = 'p256'): SigningProfile {
  const keys = Array.from({ length: keyrings }, () =>
    kind === 'p256' ? makeEcdsaKey('P-256', KEY_CREATED) : makeRsaKey(2048, KEY_CREATED),
  );
  const certificates = keys.map((primary, index) => {
    const certificate = writeCertificate({ primary, userId: `Signet test ${index}` });
    return [`verifier-public-key-${index}`, writeArmor(certificate, { type: 'PUBLIC KEY BLOCK' })] as const;
  });
  const toConfigMap = (...storeUrls: readonly string[]): string =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        namespace: 'openshift-config-managed',
        name: 'release-verification',
        annotations: { 'release.openshift.io/verification-config-map': '' },
      },
      data: Object.fromEntries([...storeUrls.map((url, at) => [`store-${at}`, url] as const), ...certificates]),
    });
  const signers = keys.map((key): Sign => (digest, version = '4.99.0') => {
    const content = writePayload({ digest, reference: `${RELEASE_REPOSITORY}:${version}-x86_64` });
    return writeRelease(signMessage(key, { content }));
  });
  return { toConfigMap, signers };
}

/** Writes the profile `ocp` as a trust directory; its store is nowhere, so that a run has to name one. */
export async function writeTrustDirectory(directory: string, { toConfigMap }: SigningProfile): Promise<void> {
  await mkdir(path.join(directory, 'ocp'), { recursive: true });
  const configMap = toConfigMap('https://signatures.fixture.invalid/signatures');
  await writeFile(path.join(directory, 'ocp', 'release-verification.json'), configMap);
}
