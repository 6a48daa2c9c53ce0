import { stringify } from 'yaml';
import type { TrustDocument } from '../lib/trust/prepared/trust-document.ts';
import { toTrustConfigMap } from '../lib/trust/publish/publisher-keys.ts';
import { DEMO_PUSH_SOURCES } from './demo-registries.ts';
import { DEMO_REPOSITORY } from './demo-releases.ts';

export const DEMO_PROFILE = 'demo';

/** The same documents that an operator would write, for a store on loopback. */
export function toDemoDocuments(armoredKey: string, storeUrl: string): readonly TrustDocument[] {
  const profile = {
    apiVersion: 'signet/v1',
    kind: 'Profile',
    metadata: { name: DEMO_PROFILE },
    spec: {
      canonicalRepositories: [DEMO_REPOSITORY],
      pushSources: DEMO_PUSH_SOURCES,
      stores: { allowPrivateAddresses: true },
    },
  };
  const configMap = toTrustConfigMap('verifier-public-key-demo', armoredKey, [{ key: 'store-demo', url: storeUrl }]);
  return [
    { name: 'profile.yaml', bytes: Buffer.from(stringify(profile)) },
    { name: 'release-verification.yaml', bytes: Buffer.from(configMap) },
  ];
}
