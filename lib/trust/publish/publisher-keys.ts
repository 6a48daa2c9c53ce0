import { stringify } from 'yaml';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import type { CertificatePackets } from '../../crypto/openpgp/keys/certificate-packets.ts';
import { refuseByOperator, writeKeyBlock } from '../../crypto/openpgp/keys/cluster-certificates.ts';
import { type KeyFile, readKeyFile } from '../../crypto/openpgp/keys/key-file.ts';
import { findRevocation } from '../../crypto/openpgp/keys/revocation.ts';

/** Published facts about a publisher, with which its key file may come from anywhere. */
export interface PinnedPublisher {
  readonly profile: string;
  readonly keyring: string;
  /** Where the publisher offers its keys. */
  readonly keysUrl: string;
  /** The certificates of its keyring, any of which may sign. A key file has to hold those that are required. */
  readonly fingerprints: readonly PinnedFingerprint[];
  readonly stores: readonly { readonly key: string; readonly url: string }[];
}

export interface PinnedFingerprint {
  readonly fingerprint: string;
  readonly name: string;
  /** `ifPresent`: kept where the key file has it, since older files do not. */
  readonly kept: 'always' | 'ifPresent';
}

/**
 * Fingerprint: https://access.redhat.com/security/team/key (release key 2), and RPM-GPG-KEY-redhat10-release of RHEL 10.1
 * (release key 4, of ML-DSA-87 and Ed448). Beta and auxiliary keys are left out: in one keyring with them, they could sign
 * a release. Stores: the ConfigMap that ships in every release.
 */
const REDHAT: PinnedPublisher = {
  profile: 'ocp',
  keyring: 'verifier-public-key-redhat',
  keysUrl: 'https://access.redhat.com/security/data/fd431d51.txt',
  fingerprints: [
    {
      fingerprint: '567E347AD0044ADE55BA8A5F199E2F91FD431D51',
      name: 'Red Hat, Inc. (release key 2)',
      kept: 'always',
    },
    {
      fingerprint: 'FCD355B305707A62DA143AB6E422397E50FE8467A2A95343D246D6276AFEDF8F',
      name: 'Red Hat, Inc. (release key 4)',
      kept: 'ifPresent',
    },
  ],
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

/**
 * Keys of publishers that sign no release, by name only: so that whoever sees what was left out knows it. Beta key 2 is of
 * the ConfigMap in every release, auxiliary key 3 of RPM-GPG-KEY-redhat10-release.
 */
const NAMED_ONLY: ReadonlyMap<string, string> = new Map([
  ['B08B659EE86AF623BC90E8DB938A80CAF21541EB', 'Red Hat, Inc. (beta key 2)'],
  ['7E4624258C406535D56D6F135054E4A45A6340B3', 'Red Hat, Inc. (auxiliary key 3)'],
]);

/** What a certificate is called, where it is known by name; undefined for any other. */
export function findKeyName(fingerprint: string): string | undefined {
  return NAMED_ONLY.get(fingerprint) ?? REDHAT.fingerprints.find((one) => one.fingerprint === fingerprint)?.name;
}

const PUBLISHERS: ReadonlyMap<string, PinnedPublisher> = new Map([['redhat', REDHAT]]);

/** Undefined for a publisher whose fingerprints are not built in. */
export function findPinnedPublisher(name: string): PinnedPublisher | undefined {
  return PUBLISHERS.get(name);
}

/** The certificates of a key file, split by a list of fingerprints. */
export interface SelectedCertificates {
  /** What operators load in the first armor block, which is the only one that they read; the rest in a second. */
  readonly armored: string;
  readonly kept: readonly string[];
  /** Certificates that are not pinned, as fingerprints or by what else is known of them. */
  readonly leftOut: readonly string[];
  /** Pinned certificates that the file does not have. */
  readonly absent: readonly string[];
}

/**
 * Keeps the certificates whose primary fingerprint is pinned.
 *
 * @throws ConfigurationError `KeyUnreadable`, also for a required one that is not there or cannot be used
 */
export function selectCertificates(
  untrustedKeyFile: Uint8Array,
  pinned: readonly PinnedFingerprint[],
): SelectedCertificates {
  const file = readKeyFile(untrustedKeyFile);
  const certificates = file.certificates.map(({ packets }) => packets);
  const isPinned = ({ primary }: CertificatePackets): boolean =>
    pinned.some(({ fingerprint }) => fingerprint === primary.fingerprint);
  const found = certificates.map(({ primary }) => primary.fingerprint);
  const absent = pinned.filter(({ fingerprint }) => !found.includes(fingerprint));
  const required = absent.filter(({ kept }) => kept === 'always');
  if (required.length > 0) {
    const held = [...found, ...file.unusable.map(({ name, reason }) => `${name} (${reason})`)];
    const missing = required.map(({ fingerprint }) => fingerprint).join(', ');
    throw new ConfigurationError('KeyUnreadable', `the key file lacks ${missing}; it holds ${held.join(', ')}`);
  }
  const kept = certificates.filter(isPinned);
  for (const certificate of kept) requireNotRevokedElsewhere(certificate, file);
  const blocks = [
    kept.filter((certificate) => refuseByOperator(certificate) === undefined),
    kept.filter((certificate) => refuseByOperator(certificate) !== undefined),
  ];
  return {
    armored: blocks
      .filter((block) => block.length > 0)
      .map(writeKeyBlock)
      .join(''),
    kept: kept.map(({ primary }) => primary.fingerprint),
    leftOut: [
      ...found.filter((fingerprint) => pinned.every((each) => each.fingerprint !== fingerprint)),
      ...file.unusable.map(({ name }) => name),
    ],
    absent: absent.map(({ fingerprint }) => fingerprint),
  };
}

/** A revocation counts wherever it is in the file: one beside a certificate that is left out must not get lost. */
function requireNotRevokedElsewhere(certificate: CertificatePackets, { revocations }: KeyFile): void {
  const { primary, subkeys } = certificate;
  const elsewhere = (kind: 'keyRevocations' | 'subkeyRevocations') =>
    revocations[kind].filter((body) => !certificate[kind].some((own) => Buffer.from(own).equals(body)));
  const ofSubkeys = elsewhere('subkeyRevocations');
  const found =
    findRevocation(elsewhere('keyRevocations'), primary, primary.hashed) ??
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
    { lineWidth: 0, compat: 'yaml-1.1' },
  );
}
