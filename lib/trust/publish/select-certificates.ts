import { armor, enums } from 'openpgp';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { type CertificatePackets, readKeyFile } from '../../crypto/openpgp/keys/key-file.ts';
import { findRevocation } from '../../crypto/openpgp/keys/revocation.ts';

/** Certificates of a key file, told apart by a list of fingerprints. */
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

/** A revocation counts wherever it stands; what stands with a certificate that is left out must not get lost. */
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
