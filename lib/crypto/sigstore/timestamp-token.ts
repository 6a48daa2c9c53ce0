import { DerError, DerTag, type DerValue, expectDer, readDer, readDerValues, toDottedOid } from './x509/der.ts';

/** An RFC 3161 answer as read. Nothing in it is proven. */
export interface TimestampToken {
  /** The signed statement of the authority, whole. */
  readonly statement: Buffer;
  /** Hash and its name, of what was timestamped. */
  readonly imprint: { readonly hash: string; readonly digest: Buffer };
  /** Seconds since 1970, with their fraction. */
  readonly time: number;
  /** DER of the certificates that came along. */
  readonly certificates: readonly Buffer[];
  readonly signer: TimestampSigner;
}

interface TimestampSigner {
  /** How the authority's certificate is named: DER of its issuer, and its serial number. */
  readonly issuer: Buffer;
  readonly serial: bigint;
  /** Of the statement, as the signed attributes give it. */
  readonly hash: string;
  readonly statementDigest: Buffer;
  /** What the signature is over: the attributes, as a SET. */
  readonly signedBytes: Buffer;
  readonly algorithm: string;
  readonly signature: Buffer;
}

const OID = {
  signedData: '1.2.840.113549.1.7.2',
  statement: '1.2.840.113549.1.9.16.1.4',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
} as const;
const HASHES: ReadonlyMap<string, string> = new Map([
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);
const SET = 0x31;
const FIRST = 0xa0;
/** 0, granted, and 1, granted with changes. */
const GRANTED = new Set(['00', '01']);
const TIME = /^([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2}(?:\.[0-9]{1,9})?)Z$/;

/**
 * Reads the answer of a timestamp authority: granted, one signer named by issuer and serial number, signed attributes
 * (RFC 3161 section 2.4.2, RFC 5652 section 5). DER alone.
 *
 * @throws DerError
 */
export function parseTimestampToken(untrustedBytes: Buffer): TimestampToken {
  const [status, token] = sequence(readDer(untrustedBytes), 2);
  const [code] = readDerValues(expectDer(status, DerTag.sequence));
  if (!GRANTED.has(expectDer(code, DerTag.integer).toString('hex')))
    throw new DerError('the timestamp was not granted');
  const [type, wrapped] = sequence(token, 2);
  requireOid(type, OID.signedData);
  const [, , content, ...rest] = sequence(readDer(expectDer(wrapped, FIRST)));
  const [contentType, explicit] = sequence(content, 2);
  requireOid(contentType, OID.statement);
  const statement = expectDer(readDer(expectDer(explicit, FIRST)), DerTag.octetString);
  const [signer, ...more] = readDerValues(expectDer(rest.at(-1), SET));
  if (more.length > 0) throw new DerError('the timestamp has several signers');
  const certificates = rest.find(({ tag }) => tag === FIRST);
  return {
    statement,
    ...parseStatement(statement),
    certificates: certificates === undefined ? [] : readDerValues(certificates.content).map(({ encoded }) => encoded),
    signer: parseSigner(signer),
  };
}

function parseStatement(statement: Buffer): Pick<TimestampToken, 'imprint' | 'time'> {
  const [version, , imprint, , time] = sequence(readDer(statement));
  if (expectDer(version, DerTag.integer).toString('hex') !== '01') throw new DerError('the statement is not version 1');
  const [algorithm, digest] = sequence(imprint, 2);
  return {
    imprint: { hash: toHash(algorithm), digest: expectDer(digest, DerTag.octetString) },
    time: parseTime(expectDer(time, DerTag.generalizedTime).toString('latin1')),
  };
}

function parseSigner(value: DerValue | undefined): TimestampSigner {
  const [, name, hash, attributes, algorithm, signature] = sequence(value);
  const [issuer, serial] = sequence(name, 2);
  if (issuer === undefined) throw new DerError('the signer is not named');
  expectDer(issuer, DerTag.sequence);
  const signed = readAttributes(expectDer(attributes, FIRST));
  requireOid(readDer(find(signed, OID.contentType)), OID.statement);
  const [identifier] = sequence(algorithm);
  return {
    issuer: issuer.encoded,
    serial: toInteger(expectDer(serial, DerTag.integer)),
    hash: toHash(hash),
    statementDigest: expectDer(readDer(find(signed, OID.messageDigest)), DerTag.octetString),
    signedBytes: toSet(attributes),
    algorithm: toDottedOid(expectDer(identifier, DerTag.objectIdentifier)),
    signature: expectDer(signature, DerTag.octetString),
  };
}

/** Each attribute once, with the content of its set of values. */
function readAttributes(content: Buffer): ReadonlyMap<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const value of readDerValues(content)) {
    const [type, values] = sequence(value, 2);
    const oid = toDottedOid(expectDer(type, DerTag.objectIdentifier));
    if (found.has(oid)) throw new DerError(`the attribute ${oid} is there twice`);
    found.set(oid, expectDer(values, SET));
  }
  return found;
}

function find(attributes: ReadonlyMap<string, Buffer>, oid: string): Buffer {
  const value = attributes.get(oid);
  if (value === undefined) throw new DerError(`the signed attribute ${oid} is missing`);
  return value;
}

/** RFC 5652 section 5.4: signed with the tag of a SET and not with the one that is sent. */
function toSet(attributes: DerValue | undefined): Buffer {
  const bytes = Buffer.from(attributes?.encoded ?? []);
  bytes[0] = SET;
  return bytes;
}

function sequence(value: DerValue | undefined, exactly?: number): readonly DerValue[] {
  const parts = readDerValues(expectDer(value, DerTag.sequence));
  if (exactly !== undefined && parts.length !== exactly) throw new DerError(`a sequence has not ${exactly} parts`);
  return parts;
}

function requireOid(value: DerValue | undefined, oid: string): void {
  const found = toDottedOid(expectDer(value, DerTag.objectIdentifier));
  if (found !== oid) throw new DerError(`the type is ${found} and not ${oid}`);
}

function toHash(algorithm: DerValue | undefined): string {
  const [identifier] = sequence(algorithm);
  const oid = toDottedOid(expectDer(identifier, DerTag.objectIdentifier));
  const hash = HASHES.get(oid);
  if (hash === undefined) throw new DerError(`the hash ${oid} is not SHA-256, SHA-384 or SHA-512`);
  return hash;
}

function toInteger(content: Buffer): bigint {
  if (content.length === 0 || content.length > 32) throw new DerError('the serial number has not 1 to 32 octets');
  return BigInt(`0x${content.toString('hex')}`);
}

function parseTime(text: string): number {
  const [, year, month, day, hour, minute, second] = TIME.exec(text) ?? [];
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) / 1000;
  if (Number.isNaN(time)) throw new DerError('the time of the timestamp is not one in UTC');
  return time;
}
