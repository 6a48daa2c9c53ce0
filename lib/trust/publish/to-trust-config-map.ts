import { stringify } from 'yaml';

/** The ConfigMap that clusters and Signet read keys and stores from. */
export function toTrustConfigMap(
  keyring: string,
  armoredKeys: string,
  stores: readonly { readonly key: string; readonly url: string }[],
): string {
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'release-verification',
        namespace: 'openshift-config-managed',
        annotations: { 'release.openshift.io/verification-config-map': '' },
      },
      data: {
        ...Object.fromEntries(stores.map(({ key, url }) => [key, url])),
        [keyring]: armoredKeys.replaceAll('\r\n', '\n'),
      },
    },
    { lineWidth: 0 },
  );
}
