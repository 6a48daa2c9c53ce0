import { checkCertificate, splitCertificates } from '../../platform/http/tls-trust.ts';
import { documentError } from '../documents/parsed-document.ts';
import type { ProfileDocument } from '../documents/profile.ts';
import type { TrustDocument } from '../prepared/trust-document.ts';
import { isTrustFileName } from './trust-files.ts';

/** The file of a Profile's `stores.caFile`, and the PEM certificates in it. */
export interface CaFile {
  readonly file: TrustDocument;
  readonly pem: string;
}

/** Any beginning or end of a block, whole or not; in the file's own words when it has a label. */
const PEM_MARK = /-----(?:BEGIN|END)(?: ([A-Z0-9 ]+))?/;
const PATH = ['spec', 'stores', 'caFile'];

/** @throws ConfigurationError at the Profile's field: absent, without certificates, or with anything but those. */
export function readCaFile(profile: ProfileDocument | undefined, files: readonly TrustDocument[]): CaFile | undefined {
  const name = profile?.spec.stores.caFile;
  if (profile === undefined || name === undefined) return undefined;
  const file = files.find((candidate) => candidate.name === name);
  if (file === undefined) throw invalid(profile, name, 'is not among the documents', 'TrustMissing');
  if (isTrustFileName(name)) throw invalid(profile, name, 'is read as a trust document: name it .pem or .crt');
  const { certificates, rest } = splitCertificates(Buffer.from(file.bytes).toString('latin1'));
  // The file is published as it is, so a private key in it would be too, however broken its block.
  const foreign = PEM_MARK.exec(rest);
  if (foreign !== null) throw invalid(profile, name, toForeignFault(foreign[1]));
  if (certificates.length === 0) throw invalid(profile, name, 'holds no PEM certificate');
  if (!certificates.every(isCertificate)) throw invalid(profile, name, 'holds a certificate that cannot be read');
  return { file, pem: `${certificates.join('\n')}\n` };
}

function isCertificate(pem: string): boolean {
  try {
    checkCertificate(pem);
    return true;
  } catch {
    return false;
  }
}

function toForeignFault(label: string | undefined): string {
  const held = label === 'CERTIFICATE' ? 'part of a CERTIFICATE' : `a ${label ?? 'block without a label'}`;
  return `holds ${held}: only whole certificates belong there`;
}

function invalid(
  profile: ProfileDocument,
  name: string,
  fault: string,
  code: 'DocumentInvalid' | 'TrustMissing' = 'DocumentInvalid',
) {
  return documentError(code, profile.source, PATH, `the caFile ${JSON.stringify(name)} ${fault}`);
}
