import {
  DerError,
  DerTag,
  type DerValue,
  expectDer,
  readDer,
  readDerValues,
  toBoolean,
  toDottedOid,
  toSmallInteger,
} from './der.ts';

/** The extensions that are checked; undefined or empty where the certificate does not have one. */
export interface CertificateExtensions {
  readonly isAuthority: boolean;
  /** Intermediates that may follow an authority; undefined: any number. */
  readonly pathLength: number | undefined;
  /** Bits of RFC 5280 section 4.2.1.3, the first one highest; undefined: every use. */
  readonly keyUsage: number | undefined;
  /** Dotted identifiers; undefined: every purpose. */
  readonly purposes: readonly string[] | undefined;
  readonly emails: readonly string[];
  readonly hostnames: readonly string[];
  /** OIDC issuer as Fulcio states it: the bare text, and the later form. */
  readonly issuerV1: string | undefined;
  readonly issuerV2: string | undefined;
  /** Critical extensions, and restrictions of names, that are not understood: such a certificate is rejected. */
  readonly unhandled: readonly string[];
}

const OID = {
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  extendedKeyUsage: '2.5.29.37',
  issuerV1: '1.3.6.1.4.1.57264.1.1',
  issuerV2: '1.3.6.1.4.1.57264.1.8',
} as const;
const HANDLED: ReadonlySet<string> = new Set(Object.values(OID).filter((oid) => oid !== OID.nameConstraints));
const EMAIL_TAG = 0x81;
const HOSTNAME_TAG = 0x82;
const STRING_TAGS = new Set<number>([DerTag.utf8String, DerTag.printableString, DerTag.ia5String]);
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

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
  const names = parseNames(find(OID.subjectAlternativeName));
  const issuerV1 = find(OID.issuerV1);
  return {
    ...parseBasicConstraints(find(OID.basicConstraints)),
    keyUsage: parseKeyUsage(find(OID.keyUsage)),
    purposes: parsePurposes(find(OID.extendedKeyUsage)),
    emails: toTexts(names, EMAIL_TAG),
    hostnames: toTexts(names, HOSTNAME_TAG),
    issuerV1: issuerV1 === undefined ? undefined : decodeUtf8(issuerV1),
    issuerV2: parseString(find(OID.issuerV2)),
    unhandled: [...found]
      // Restrictions of names bind whether critical or not, and are not evaluated here.
      .filter(([oid, { isCritical }]) => oid === OID.nameConstraints || (isCritical && !HANDLED.has(oid)))
      .map(([oid]) => oid),
  };
}

function parseExtension(value: DerValue): { oid: string; extension: Extension } {
  const [identifier, ...rest] = readDerValues(expectDer(value, DerTag.sequence));
  const oid = toDottedOid(expectDer(identifier, DerTag.objectIdentifier));
  const [flag, octets] = rest.length === 1 ? [undefined, rest[0]] : rest;
  if (rest.length > 2) throw new DerError(`the extension ${oid} has a fourth part`);
  const isCritical = flag !== undefined && toBoolean(expectDer(flag, DerTag.boolean));
  return { oid, extension: { isCritical, value: expectDer(octets, DerTag.octetString) } };
}

function parseBasicConstraints(value: Buffer | undefined): Pick<CertificateExtensions, 'isAuthority' | 'pathLength'> {
  if (value === undefined) return { isAuthority: false, pathLength: undefined };
  const parts = readDerValues(expectDer(readDer(value), DerTag.sequence));
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
  const [unused, first] = expectDer(readDer(value), DerTag.bitString);
  if (unused === undefined || unused > 7) throw new DerError('the key usage is not a bit string');
  return first ?? 0;
}

function parsePurposes(value: Buffer | undefined): readonly string[] | undefined {
  if (value === undefined) return undefined;
  return readDerValues(expectDer(readDer(value), DerTag.sequence)).map((purpose) =>
    toDottedOid(expectDer(purpose, DerTag.objectIdentifier)),
  );
}

function parseNames(value: Buffer | undefined): readonly DerValue[] {
  return value === undefined ? [] : readDerValues(expectDer(readDer(value), DerTag.sequence));
}

function toTexts(names: readonly DerValue[], tag: number): readonly string[] {
  return names.filter((name) => name.tag === tag).map(({ content }) => decodeAscii(content));
}

/** Names are compared whole, so a NUL inside cannot cut one short; above ASCII they are no IA5 strings. */
function decodeAscii(content: Buffer): string {
  if (content.some((octet) => octet > 0x7f)) throw new DerError('an alternative name is not ASCII');
  return content.toString('latin1');
}

function parseString(value: Buffer | undefined): string | undefined {
  if (value === undefined) return undefined;
  const { tag, content } = readDer(value);
  if (!STRING_TAGS.has(tag)) throw new DerError('the OIDC issuer is not a string');
  return decodeUtf8(content);
}

function decodeUtf8(content: Buffer): string {
  try {
    return UTF8.decode(content);
  } catch (cause) {
    throw new DerError('the OIDC issuer is not UTF-8', { cause });
  }
}
