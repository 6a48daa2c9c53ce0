import { X509Certificate } from 'node:crypto';
import { documentError } from './documents/parsed-document.ts';
import type { ProfileDocument } from './documents/profile.ts';
import type { TrustDocument } from './trust-document.ts';
import { isTrustFileName } from './trust-files.ts';

/** The file of a Profile's `stores.caFile`, and the PEM certificates in it. */
export interface CaFile {
  readonly file: TrustDocument;
  readonly pem: string;
}

const PEM_BLOCK = /-----BEGIN ([^-\n]+)-----[^-]*-----END \1-----/g;
const PATH = ['spec', 'stores', 'caFile'];

/** @throws ConfigurationError at the Profile's field: absent, without certificates, or with anything but those. */
export function readCaFile(profile: ProfileDocument | undefined, files: readonly TrustDocument[]): CaFile | undefined {
  const name = profile?.spec.stores.caFile;
  if (profile === undefined || name === undefined) return undefined;
  const file = files.find((candidate) => candidate.name === name);
  if (file === undefined) throw invalid(profile, name, 'is not among the documents', 'TrustMissing');
  if (isTrustFileName(name)) throw invalid(profile, name, 'is read as a trust document: name it .pem or .crt');
  const blocks = [...Buffer.from(file.bytes).toString('latin1').matchAll(PEM_BLOCK)];
  if (blocks.length === 0) throw invalid(profile, name, 'holds no PEM certificate');
  for (const [block, label] of blocks) {
    // A private key must not end up in published trust.
    if (label !== 'CERTIFICATE') throw invalid(profile, name, `holds a ${label}: only certificates belong there`);
    if (!isCertificate(block)) throw invalid(profile, name, 'holds a certificate that cannot be read');
  }
  return { file, pem: `${blocks.map(([block]) => block).join('\n')}\n` };
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).fingerprint256 !== '';
  } catch {
    return false;
  }
}

function invalid(
  profile: ProfileDocument,
  name: string,
  fault: string,
  code: 'DocumentInvalid' | 'TrustMissing' = 'DocumentInvalid',
) {
  return documentError(code, profile.source, PATH, `the caFile ${JSON.stringify(name)} ${fault}`);
}
