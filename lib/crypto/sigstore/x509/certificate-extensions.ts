import { decodeUtf8 } from '../../../base/documents/decode.ts';
import { type AlternativeNames, parseAlternativeNames } from './alternative-names.ts';
import { type CertificatePolicies, parseCertificatePolicies } from './certificate-policies.ts';
import {
  DerError,
  DerTag,
  type DerValue,
  expectDer,
  readBits,
  readDer,
  readDerValues,
  toBoolean,
  toDottedOid,
  toSmallInteger,
} from './der.ts';
import { type NameConstraints, parseNameConstraints } from './name-constraints.ts';

/** The extensions that are checked; undefined or empty where the certificate does not have one. */
export interface CertificateExtensions extends AlternativeNames {
  readonly isAuthority: boolean;
  /** Intermediates that may follow an authority; undefined: any number. */
  readonly pathLength: number | undefined;
  /** Bits of RFC 5280 section 4.2.1.3, the first one highest; undefined: every use. */
  readonly keyUsage: number | undefined;
  /** Dotted identifiers; undefined: every purpose. */
  readonly purposes: readonly string[] | undefined;
  /** The extension of its alternative names, as it was signed. */
  readonly encodedNames: Buffer | undefined;
  readonly nameConstraints: NameConstraints | undefined;
  readonly certificatePolicies: CertificatePolicies;
  /** OIDC issuer as Fulcio states it: the bare text, and the later form. */
  readonly issuerV1: string | undefined;
  readonly issuerV2: string | undefined;
  /** Critical extensions, and restrictions of names, that are not understood: such a certificate is rejected. */
  readonly unhandled: readonly string[];
}

export const ALTERNATIVE_NAMES = '2.5.29.17';
const OID = {
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  policies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  inhibitAnyPolicy: '2.5.29.54',
} as const;
/**
 * Extensions whose contents decide nothing here, but which Go's reader looks into: what it refuses must not count for
 * Signet, because a node would reject it.
 */
const UnreadOid = {
  subjectKey: '2.5.29.14',
  revocationLists: '2.5.29.31',
  authorityKey: '2.5.29.35',
  authorityAccess: '1.3.6.1.5.5.7.1.1',
} as const;
const HANDLED: ReadonlySet<string> = new Set([...Object.values(OID), ...Object.values(UnreadOid)]);
const ISSUER_V1 = '1.3.6.1.4.1.57264.1.1';
const ISSUER_V2 = '1.3.6.1.4.1.57264.1.8';
const STRING_TAGS = new Set<number>([DerTag.utf8String, DerTag.printableString, DerTag.ia5String]);

interface Extension {
  readonly isCritical: boolean;
  readonly value: Buffer;
}

/** @throws DerError for an extension that is there twice or is not what its identifier says */
export function parseExtensions(values: readonly DerValue[]): CertificateExtensions {
  const found = new Map<string, Extension>();
  for (const value of values) {
    const { oid, extension } = parseExtension(value);
    if (found.has(oid)) throw new DerError(`the extension ${oid} is there twice`);
    found.set(oid, extension);
  }
  const find = (oid: string): Buffer | undefined => found.get(oid)?.value;
  requireReadable(find);
  const encodedNames = find(ALTERNATIVE_NAMES);
  const names = parseAlternativeNames(encodedNames === undefined ? [] : readDerValues(readSequence(encodedNames)));
  const restrictions = find(OID.nameConstraints);
  const nameConstraints = restrictions === undefined ? undefined : parseNameConstraints(restrictions);
  const issuerV1 = find(ISSUER_V1);
  const isHandled = (oid: string): boolean => HANDLED.has(oid) || (oid === ALTERNATIVE_NAMES && hasReadName(names));
  return {
    ...parseBasicConstraints(find(OID.basicConstraints)),
    ...names,
    encodedNames,
    nameConstraints,
    keyUsage: parseKeyUsage(find(OID.keyUsage)),
    purposes: parsePurposes(find(OID.extendedKeyUsage)),
    certificatePolicies: parseCertificatePolicies({
      policies: find(OID.policies),
      mappings: find(OID.policyMappings),
      constraints: find(OID.policyConstraints),
      inhibitAnyPolicy: find(OID.inhibitAnyPolicy),
    }),
    issuerV1: issuerV1 === undefined ? undefined : readIssuer(issuerV1),
    issuerV2: parseString(find(ISSUER_V2)),
    unhandled: [
      ...[...found].filter(([oid, { isCritical }]) => isCritical && !isHandled(oid)).map(([oid]) => oid),
      // Restrictions of names bind whether critical or not.
      ...(nameConstraints?.isPartlyRead === true ? [OID.nameConstraints] : []),
    ],
  };
}

function parseExtension(value: DerValue): { oid: string; extension: Extension } {
  const [identifier, ...rest] = readDerValues(expectDer(value, DerTag.sequence));
  const oid = toDottedOid(expectDer(identifier, DerTag.objectIdentifier));
  const [flag, octets] = rest.length === 1 ? [undefined, rest[0]] : rest;
  if (rest.length > 2) throw new DerError(`the extension ${oid} has a fourth part`);
  const isCritical = flag !== undefined && toBoolean(expectDer(flag, DerTag.boolean));
  if (isCritical && NEVER_CRITICAL.has(oid)) throw new DerError(`the extension ${oid} must not be critical`);
  return { oid, extension: { isCritical, value: expectDer(octets, DerTag.octetString) } };
}

/** Whether there is a name of a kind that is read: others do not make a critical extension understood. */
function hasReadName({ emails, hostnames, addresses, uriHosts }: AlternativeNames): boolean {
  return emails.length + hostnames.length + addresses.length + uriHosts.length > 0;
}

function parseBasicConstraints(value: Buffer | undefined): Pick<CertificateExtensions, 'isAuthority' | 'pathLength'> {
  if (value === undefined) return { isAuthority: false, pathLength: undefined };
  const parts = readDerValues(readSequence(value));
  const [flag] = parts;
  const isAuthority = flag?.tag === DerTag.boolean && toBoolean(flag.content);
  const lengths = flag?.tag === DerTag.boolean ? parts.slice(1) : parts;
  if (lengths.length > 1) throw new DerError('the basic constraints have a third part');
  const [length] = lengths;
  return { isAuthority, pathLength: length && toSmallInteger(expectDer(length, DerTag.integer)) };
}

/** The first octet holds all bits that are checked here. */
function parseKeyUsage(value: Buffer | undefined): number | undefined {
  if (value === undefined) return undefined;
  return readBits(expectDer(readDer(value), DerTag.bitString)).octets[0] ?? 0;
}

function parsePurposes(value: Buffer | undefined): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const purposes = readDerValues(readSequence(value));
  if (purposes.length === 0) throw new DerError('the extended key usage names no purpose');
  return purposes.map((purpose) => toDottedOid(expectDer(purpose, DerTag.objectIdentifier)));
}

function readSequence(value: Buffer): Buffer {
  return expectDer(readDer(value), DerTag.sequence);
}

function parseString(value: Buffer | undefined): string | undefined {
  if (value === undefined) return undefined;
  const { tag, content } = readDer(value);
  if (!STRING_TAGS.has(tag)) throw new DerError('the OIDC issuer is not a string');
  return readIssuer(content);
}

function readIssuer(content: Buffer): string {
  try {
    return decodeUtf8(content);
  } catch (cause) {
    throw new DerError('the OIDC issuer is not UTF-8', { cause });
  }
}

/** RFC 5280 says that these are never critical. */
const NEVER_CRITICAL: ReadonlySet<string> = new Set([
  UnreadOid.subjectKey,
  UnreadOid.authorityKey,
  UnreadOid.authorityAccess,
]);

const FIRST_TAG = 0xa0;
const CONSTRUCTED = 0x20;
/** Levels of values in each other; these extensions have five. */
const MAX_DEPTH = 8;

/** @throws DerError for one that is not what its identifier says */
function requireReadable(find: (oid: string) => Buffer | undefined): void {
  const subjectKey = find(UnreadOid.subjectKey);
  if (subjectKey !== undefined) expectDer(readDer(subjectKey), DerTag.octetString);
  readParts(find(UnreadOid.authorityKey));
  for (const point of readParts(find(UnreadOid.revocationLists))) {
    const [name] = readDerValues(expectDer(point, DerTag.sequence));
    // A name relative to the issuer is not read.
    if (name?.tag === FIRST_TAG) expectDer(readDerValues(name.content)[0], FIRST_TAG);
  }
  for (const access of readParts(find(UnreadOid.authorityAccess))) {
    const [method] = readDerValues(expectDer(access, DerTag.sequence));
    toDottedOid(expectDer(method, DerTag.objectIdentifier));
  }
}

function readParts(value: Buffer | undefined): ReturnType<typeof readDerValues> {
  if (value === undefined) return [];
  const parts = readDerValues(expectDer(readDer(value), DerTag.sequence));
  requireNested(parts, 0);
  return parts;
}

function requireNested(values: ReturnType<typeof readDerValues>, depth: number): void {
  if (depth > MAX_DEPTH) throw new DerError('an extension is nested too deeply');
  for (const { tag, content } of values) {
    if ((tag & CONSTRUCTED) !== 0) requireNested(readDerValues(content), depth + 1);
  }
}
