/** The library with its own OpenPGP, and with GnuPG's as nodes have it. */
export type NodeBuild = 'pure' | 'gpgme';

interface Difference {
  readonly names: readonly string[];
  readonly builds: readonly NodeBuild[];
  readonly answer: 'nodes accept' | 'nodes refuse';
  readonly reason: string;
}

/** Every vector that the library (go.podman.io/image/v5 5.42.1) answers otherwise than Signet, with the reason. */
export const DIFFERENCES: readonly Difference[] = [
  {
    names: ['verify-invalid-blob-v3', 'verify-subkey-v3', 'own-v3-uncompressed', 'own-v3-text-class-crlf'],
    builds: ['pure'],
    answer: 'nodes refuse',
    reason: 'ProtonMail/go-crypto 1.5.2 reads no version 3 signature; releases of 2019 to 2022 have them',
  },
  {
    names: ['own-trailing-garbage', 'own-two-messages'],
    builds: ['pure'],
    answer: 'nodes accept',
    reason: 'it reads no further than the first message; nothing may follow one here',
  },
  {
    names: ['own-keyring-two-blocks-second'],
    builds: ['pure'],
    answer: 'nodes refuse',
    reason: 'it reads the first armor block of a file; RHEL’s key file holds two',
  },
  {
    names: ['own-keyring-bad-crc'],
    builds: ['pure'],
    answer: 'nodes accept',
    reason: 'RFC 9580 lets a reader ignore the checksum of armor; here a wrong one is a damaged file',
  },
  {
    names: ['own-v4-text-class-lf', 'own-v4-text-class-binary-literal'],
    builds: ['gpgme'],
    answer: 'nodes refuse',
    reason: 'GnuPG hashes the text as it is written; the standard has its lines end in CR LF',
  },
  {
    names: ['own-v4-text-class-not-canonicalized'],
    builds: ['gpgme'],
    answer: 'nodes accept',
    reason: 'the other side of the same',
  },
  {
    names: ['own-v3-sha1', 'own-v4-ripemd160'],
    builds: ['gpgme'],
    answer: 'nodes accept',
    reason: 'GnuPG 2.2 takes hashes that are broken',
  },
  {
    names: ['own-ops-keyid-mismatch'],
    builds: ['gpgme'],
    answer: 'nodes accept',
    reason: 'GnuPG does not compare the one-pass packet with the signature',
  },
  {
    names: ['own-signature-from-future'],
    builds: ['gpgme'],
    answer: 'nodes accept',
    reason: 'GnuPG warns of it at most',
  },
  {
    names: ['own-armored', 'own-signature-first-v3'],
    builds: ['gpgme'],
    answer: 'nodes accept',
    reason: 'GnuPG reads forms that no publisher writes and that the cluster-version operator refuses',
  },
];
