/** What is published about a publisher: facts that let its key file be taken from anywhere. */
export interface PinnedPublisher {
  readonly profile: string;
  readonly keyring: string;
  /** Where the publisher offers its keys. */
  readonly keysUrl: string;
  readonly fingerprints: readonly { readonly fingerprint: string; readonly name: string }[];
  readonly stores: readonly { readonly key: string; readonly url: string }[];
}

/**
 * Fingerprint: https://access.redhat.com/security/team/key (release key 2). The beta key is left out: one keyring
 * with both lets a beta key vouch for a release. Stores: the ConfigMap that ships in every release.
 */
const REDHAT: PinnedPublisher = {
  profile: 'ocp',
  keyring: 'verifier-public-key-redhat',
  keysUrl: 'https://access.redhat.com/security/data/fd431d51.txt',
  fingerprints: [{ fingerprint: '567E347AD0044ADE55BA8A5F199E2F91FD431D51', name: 'Red Hat, Inc. (release key 2)' }],
  stores: [
    {
      key: 'store-openshift-official-release',
      url: 'https://storage.googleapis.com/openshift-release/official/signatures/openshift/release',
    },
    {
      key: 'store-openshift-official-release-mirror',
      url: 'https://mirror.openshift.com/pub/openshift-v4/signatures/openshift/release',
    },
  ],
};

const PUBLISHERS: ReadonlyMap<string, PinnedPublisher> = new Map([['redhat', REDHAT]]);

/** Undefined for a publisher whose fingerprints are not built in. */
export function findPinnedPublisher(name: string): PinnedPublisher | undefined {
  return PUBLISHERS.get(name);
}
