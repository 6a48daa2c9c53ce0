import { armor, enums } from 'openpgp';
import { stringify } from 'yaml';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { type CertificatePackets, readKeyFile } from '../../crypto/openpgp/keys/key-file.ts';
import { findRevocation } from '../../crypto/openpgp/keys/revocation.ts';

/** Published facts about a publisher, with which its key file may come from anywhere. */
export interface PinnedPublisher {
  readonly profile: string;
  readonly keyring: string;
  /** Where the publisher offers its keys. */
  readonly keysUrl: string;
  readonly fingerprints: readonly { readonly fingerprint: string; readonly name: string }[];
  readonly stores: readonly { readonly key: string; readonly url: string }[];
}

/**
 * Fingerprint: https://access.redhat.com/security/team/key (release key 2). The beta key is left out: in one keyring
 * with both, a beta key could sign a release. Stores: the ConfigMap that ships in every release.
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

/** The certificates of a key file, split by a list of fingerprints. */
export interface SelectedCertificates {
  /** One armor block with all that were kept: clusters read no second block. */
  readonly armored: string;
  readonly kept: readonly string[];
  readonly leftOut: readonly string[];
}

/**
 * Keeps the certificates whose primary fingerprint is pinned. Every pinned one must be there.
 *
 * @throws ConfigurationError `KeyUnreadable`
 */
export function selectCertificates(untrustedKeyFile: Uint8Array, pinned: readonly string[]): SelectedCertificates {
  const certificates = readKeyFile(untrustedKeyFile).map(({ packets }) => packets);
  const isPinned = (fingerprint: string): boolean => pinned.includes(fingerprint);
  const found = certificates.map(({ primary }) => primary.fingerprint);
  const absent = pinned.filter((fingerprint) => !found.includes(fingerprint));
  if (absent.length > 0) {
    const held = found.length === 0 ? 'no certificate' : found.join(', ');
    throw new ConfigurationError('KeyUnreadable', `the key file lacks ${absent.join(', ')}; it holds ${held}`);
  }
  const kept = certificates.filter(({ primary }) => isPinned(primary.fingerprint));
  for (const certificate of kept) requireNotRevokedElsewhere(certificate, certificates);
  return {
    armored: armor(enums.armor.publicKey, Buffer.concat(kept.map(({ bytes }) => bytes))),
    kept: kept.map(({ primary }) => primary.fingerprint),
    leftOut: found.filter((fingerprint) => !isPinned(fingerprint)),
  };
}

/** A revocation counts wherever it is in the file: one beside a certificate that is left out must not get lost. */
function requireNotRevokedElsewhere(certificate: CertificatePackets, all: readonly CertificatePackets[]): void {
  const { primary, subkeys } = certificate;
  const others = all.filter((other) => other !== certificate);
  const ofSubkeys = others.flatMap(({ subkeyRevocations }) => subkeyRevocations);
  const found =
    findRevocation(
      others.flatMap(({ keyRevocations }) => keyRevocations),
      primary,
      primary.hashed,
    ) ??
    subkeys
      .map((subkey) => findRevocation(ofSubkeys, primary, Buffer.concat([primary.hashed, subkey.hashed])))
      .find((reason) => reason !== undefined);
  if (found === undefined) return;
  throw new ConfigurationError(
    'KeyUnreadable',
    `the key file revokes ${primary.fingerprint}, or a subkey of it: ${found}`,
  );
}

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
