import { describe, expect, test } from 'vitest';
import type { SigstoreTrust } from '../../../../lib/crypto/sigstore/sigstore-trust.ts';
import { verifyCosignSignature } from '../../../../lib/crypto/sigstore/verify-cosign-signature.ts';
import { ALTERNATIVE_NAMES } from '../../../../lib/crypto/sigstore/x509/certificate-extensions.ts';
import { parseLeafCertificate, parseSentIntermediates } from '../../../../lib/crypto/sigstore/x509/certificate.ts';
import { codeOf } from '../code-of.ts';
import {
  alternativeNames,
  authority,
  type CertificatePlan,
  CODE_SIGNING,
  der,
  EMAIL_TAG,
  EXPIRES,
  extension,
  fulcioIssuer,
  HOSTNAME_TAG,
  ISSUED,
  keyUsage,
  type MadeCertificate,
  makeCertificate,
  makeKeys,
  purposes,
  URI_TAG,
} from '../make-certificate.ts';
import { makeRekorSet, makeSignature, NOW, REKOR, SIGNER, signContent, toPayload, WANTED } from '../make-signature.ts';

const EMAIL = 'signer@example.com';
const HOSTNAME = 'build.example.com';
const ISSUER = 'https://login.example.com';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const NAME_CONSTRAINTS = '2.5.29.30';
const POLICY_CONSTRAINTS = '2.5.29.36';
const AUTHORITY_KEY = '2.5.29.35';
const DIGITAL_SIGNATURE = 0x80;
const KEY_ENCIPHERMENT = 0x20;
const CERTIFICATE_SIGN = 0x04;
const DAY = 86_400;

const names = alternativeNames([EMAIL_TAG, EMAIL], [HOSTNAME_TAG, HOSTNAME]);
const root = makeCertificate({ name: 'root', extensions: [authority()] });
const middle = makeCertificate({ name: 'middle', issuer: root, extensions: [authority(), keyUsage(CERTIFICATE_SIGN)] });

function restrict(list: 'permitted' | 'excluded', ...bases: readonly (readonly [tag: number, text: string])[]): Buffer {
  const subtrees = bases.map(([tag, text]) => der(0x30, der(tag, Buffer.from(text))));
  return extension(NAME_CONSTRAINTS, der(0x30, der(list === 'permitted' ? 0xa0 : 0xa1, ...subtrees)), true);
}

function leafOf(plan: Partial<CertificatePlan> = {}): MadeCertificate {
  return makeCertificate({ name: 'leaf', issuer: root, keys: SIGNER, extensions: [names], ...plan });
}

function via(plan: Partial<CertificatePlan>): { leaf: MadeCertificate; chain: string } {
  const between = makeCertificate({ name: 'between', issuer: root, extensions: [authority()], ...plan });
  return { leaf: leafOf({ issuer: between }), chain: between.pem + root.pem };
}

function trustPki(
  asked: { email?: string; hostname?: string } = { email: EMAIL, hostname: HOSTNAME },
  roots = [root],
): SigstoreTrust {
  const { email: subjectEmail, hostname: subjectHostname } = asked;
  return { kind: 'pki', roots: roots.map(({ parsed }) => parsed), intermediates: [], subjectEmail, subjectHostname };
}

interface Sent {
  readonly leaf: MadeCertificate;
  readonly chain?: string;
}

type Row = [name: string, expected: string, sent: Sent, trust?: SigstoreTrust];

const shortRoot = makeCertificate({ name: 'short root', extensions: [authority(0)] });
const underShort = makeCertificate({ name: 'under short', issuer: shortRoot, extensions: [authority()] });
const oldRoot = makeCertificate({ name: 'old root', extensions: [authority()], notAfter: NOW - DAY });
const plainRoot = makeCertificate({ name: 'plain root' });
const impostor = makeCertificate({ name: 'root', extensions: [authority()] });
const oldSigned = makeCertificate({ name: 'old signed', extensions: [authority()], hash: 'sha1' });
const ownTrust = leafOf({ issuer: impostor });
const loopKeys = [makeKeys(), makeKeys()] as const;
const loop = makeCertificate({
  name: 'a',
  keys: loopKeys[0],
  issuer: { name: 'b', keys: loopKeys[1] },
  extensions: [authority()],
});
const pool = makeCertificate({ name: 'b', keys: loopKeys[1], issuer: loop, extensions: [authority()] });

const pkiRows: Row[] = [
  ['control', 'accept', { leaf: leafOf() }],
  ['through an intermediate', 'accept', { leaf: leafOf({ issuer: middle }), chain: middle.pem + root.pem }],
  [
    'for code signing',
    'accept',
    { leaf: leafOf({ extensions: [names, purposes(CODE_SIGNING), keyUsage(DIGITAL_SIGNATURE)] }) },
  ],
  ['valid from this second', 'accept', { leaf: leafOf({ notBefore: NOW }) }],
  ['valid to this second', 'accept', { leaf: leafOf({ notAfter: NOW }) }],
  [
    'the email address in place of a host name',
    'IdentityMismatch',
    { leaf: leafOf({ extensions: [alternativeNames([HOSTNAME_TAG, EMAIL])] }) },
    trustPki({ email: EMAIL }),
  ],
  [
    'the email address as a URI',
    'IdentityMismatch',
    { leaf: leafOf({ extensions: [alternativeNames([URI_TAG, EMAIL])] }) },
    trustPki({ email: EMAIL }),
  ],
  [
    'the email address with NUL behind it',
    'IdentityMismatch',
    { leaf: leafOf({ extensions: [alternativeNames([EMAIL_TAG, `${EMAIL}\0.evil.example`])] }) },
    trustPki({ email: EMAIL }),
  ],
  [
    'the email address in other letter case',
    'IdentityMismatch',
    { leaf: leafOf({ extensions: [alternativeNames([EMAIL_TAG, EMAIL.toUpperCase()])] }) },
    trustPki({ email: EMAIL }),
  ],
  [
    'the email address in another one',
    'IdentityMismatch',
    { leaf: leafOf({ extensions: [alternativeNames([EMAIL_TAG, `evil-${EMAIL}`])] }) },
    trustPki({ email: EMAIL }),
  ],
  [
    'an email address above ASCII',
    'SignatureMalformed',
    { leaf: leafOf({ extensions: [alternativeNames([EMAIL_TAG, 'sign\u00e9r@example.com'])] }) },
  ],
  [
    'the host name with NUL behind it',
    'IdentityMismatch',
    { leaf: leafOf({ extensions: [alternativeNames([HOSTNAME_TAG, `${HOSTNAME}\0.evil.example`])] }) },
    trustPki({ hostname: HOSTNAME }),
  ],
  [
    'the host name by a wildcard',
    'accept',
    { leaf: leafOf({ extensions: [alternativeNames([HOSTNAME_TAG, '*.example.com'])] }) },
    trustPki({ hostname: HOSTNAME }),
  ],
  [
    'the email address alone where both are asked for',
    'IdentityMismatch',
    { leaf: leafOf({ extensions: [alternativeNames([EMAIL_TAG, EMAIL])] }) },
  ],
  ['no subject asked for', 'IdentityMismatch', { leaf: leafOf() }, trustPki({})],
  ['no alternative names', 'IdentityMismatch', { leaf: leafOf({ extensions: [] }) }],
  ['no roots', 'KeyUnknown', { leaf: leafOf() }, trustPki({ email: EMAIL }, [])],
  ['a root of the same name and another key', 'KeyUnknown', { leaf: leafOf() }, trustPki({ email: EMAIL }, [impostor])],
  [
    'the root sent along and not trusted',
    'KeyUnknown',
    { leaf: leafOf(), chain: root.pem + root.pem },
    trustPki({ email: EMAIL }, [impostor]),
  ],
  ['the last of the chain is left out', 'KeyUnknown', { leaf: leafOf({ issuer: middle }), chain: middle.pem }],
  [
    'self-signed',
    'KeyUnknown',
    { leaf: makeCertificate({ name: 'leaf', keys: SIGNER, extensions: [names, authority()] }) },
  ],
  ['an intermediate that is no authority', 'KeyUnknown', via({ extensions: [] })],
  ['an intermediate that says CA:FALSE', 'KeyUnknown', via({ extensions: [extension('2.5.29.19', der(0x30), true)] })],
  [
    'an intermediate that may not sign certificates',
    'KeyNotForSigning',
    via({ extensions: [authority(), keyUsage(DIGITAL_SIGNATURE)] }),
  ],
  ['an intermediate for other purposes', 'KeyNotForSigning', via({ extensions: [authority(), purposes(SERVER_AUTH)] })],
  ['an intermediate that has expired', 'KeyExpired', via({ notAfter: NOW - 1 })],
  [
    'an intermediate that restricts names to nothing',
    'SignatureMalformed',
    via({ extensions: [authority(), extension(NAME_CONSTRAINTS, der(0x30))] }),
  ],
  [
    'an intermediate that restricts names of a kind that is not read',
    'SignatureUnsupported',
    via({ extensions: [authority(), restrict('permitted', [0xa4, ''])] }),
  ],
  [
    'an intermediate for names of another domain',
    'KeyUnknown',
    via({ extensions: [authority(), restrict('permitted', [HOSTNAME_TAG, 'example.org'])] }),
  ],
  [
    'an intermediate for all names but this one',
    'KeyUnknown',
    via({ extensions: [authority(), restrict('excluded', [EMAIL_TAG, EMAIL])] }),
  ],
  [
    'an intermediate for these names',
    'accept',
    via({
      extensions: [authority(), restrict('permitted', [HOSTNAME_TAG, 'example.com'], [EMAIL_TAG, 'example.com'])],
    }),
  ],
  [
    'an intermediate that requires a policy, which nobody states',
    'KeyUnknown',
    via({ extensions: [authority(), extension(POLICY_CONSTRAINTS, der(0x30, der(0x80, Buffer.from([0]))), true)] }),
  ],
  [
    'an authority key that is called critical',
    'SignatureMalformed',
    via({ extensions: [authority(), extension(AUTHORITY_KEY, der(0x30), true)] }),
  ],
  [
    "Fulcio's extension, called critical",
    'SignatureUnsupported',
    { leaf: leafOf({ extensions: [names, extension('1.3.6.1.4.1.57264.1.1', Buffer.from(ISSUER), true)] }) },
  ],
  [
    'critical alternative names of kinds that are not read',
    'SignatureUnsupported',
    { leaf: leafOf({ extensions: [extension(ALTERNATIVE_NAMES, der(0x30, der(0x88, Buffer.from([42]))), true)] }) },
  ],
  ['trusted itself', 'accept', { leaf: ownTrust }, trustPki({ email: EMAIL }, [ownTrust])],
  [
    'an intermediate with an unknown critical extension',
    'SignatureUnsupported',
    via({ extensions: [authority(), extension('1.2.3.4', der(0x30), true)] }),
  ],
  ['an intermediate signed by SHA-1', 'SignatureUnsupported', via({ hash: 'sha1' })],
  [
    'a trusted certificate signed by SHA-1',
    'accept',
    { leaf: leafOf({ issuer: oldSigned }) },
    trustPki({ email: EMAIL }, [oldSigned]),
  ],
  ['an intermediate on a small curve', 'SignatureUnsupported', via({ keys: makeKeys('secp224r1') })],
  [
    'more intermediates than the path allows',
    'KeyUnknown',
    { leaf: leafOf({ issuer: underShort }), chain: underShort.pem + root.pem },
    trustPki({ email: EMAIL }, [shortRoot]),
  ],
  [
    'no intermediates where the path allows none',
    'accept',
    { leaf: leafOf({ issuer: shortRoot }) },
    trustPki({ email: EMAIL }, [shortRoot]),
  ],
  [
    'a trusted certificate that has expired',
    'KeyExpired',
    { leaf: leafOf({ issuer: oldRoot }) },
    trustPki({ email: EMAIL }, [oldRoot]),
  ],
  [
    'a trusted certificate that is no authority',
    'KeyUnknown',
    { leaf: leafOf({ issuer: plainRoot }) },
    trustPki({ email: EMAIL }, [plainRoot]),
  ],
  [
    'authorities that vouch for each other',
    'KeyUnknown',
    { leaf: leafOf({ issuer: loop }), chain: loop.pem + pool.pem + root.pem },
  ],
  ['expired', 'KeyExpired', { leaf: leafOf({ notAfter: NOW - 1 }) }],
  ['not valid yet', 'KeyExpired', { leaf: leafOf({ notBefore: NOW + 1 }) }],
  ['expired and by nobody', 'KeyUnknown', { leaf: leafOf({ issuer: impostor, notAfter: NOW - 1 }) }],
  ['for servers alone', 'KeyNotForSigning', { leaf: leafOf({ extensions: [names, purposes(SERVER_AUTH)] }) }],
  ['for encryption alone', 'KeyNotForSigning', { leaf: leafOf({ extensions: [names, keyUsage(KEY_ENCIPHERMENT)] }) }],
  [
    'an unknown critical extension',
    'SignatureUnsupported',
    { leaf: leafOf({ extensions: [names, extension('1.2.3.4', der(0x30), true)] }) },
  ],
  ['an extension twice', 'SignatureMalformed', { leaf: leafOf({ extensions: [names, names] }) }],
  ['signed by SHA-1', 'SignatureUnsupported', { leaf: leafOf({ hash: 'sha1' }) }],
  ['two certificates of the signer', 'SignatureMalformed', { leaf: { ...leafOf(), pem: leafOf().pem + root.pem } }],
  ['text around the certificate', 'SignatureMalformed', { leaf: { ...leafOf(), pem: `hello\n${leafOf().pem}` } }],
  [
    'a private key as certificate',
    'SignatureMalformed',
    { leaf: { ...leafOf(), pem: leafOf().pem.replaceAll('CERTIFICATE', 'PRIVATE KEY') } },
  ],
  ['seventeen certificates', 'LimitExceeded', { leaf: leafOf(), chain: root.pem.repeat(17) }],
];

describe('a certificate of a private authority', () => {
  test.each(pkiRows)('%s: %s', (_, expected, { leaf, chain }, trust = trustPki()) => {
    const signature = makeSignature({ keys: SIGNER, certificate: leaf.pem, ...(chain === undefined ? {} : { chain }) });
    expect(codeOf(() => verifyCosignSignature(signature, trust, WANTED, NOW))).toBe(expected);
  });

  test('proves its own key and no other', () => {
    const signature = makeSignature({ keys: makeKeys(), certificate: leafOf().pem });
    expect(codeOf(() => verifyCosignSignature(signature, trustPki(), WANTED, NOW))).toBe('SignatureInvalid');
  });

  test('is asked for', () => {
    const verify = () => verifyCosignSignature(makeSignature({ keys: SIGNER }), trustPki(), WANTED, NOW);
    expect(codeOf(verify)).toBe('SignatureMalformed');
  });
});

test('issuers of one name are not tried without end', () => {
  const crowd = Array.from({ length: 65 }, () => makeCertificate({ name: 'root', extensions: [authority()] }));
  const signature = makeSignature({ keys: SIGNER, certificate: leafOf().pem });
  const trust = trustPki({ email: EMAIL }, crowd);
  expect(codeOf(() => verifyCosignSignature(signature, trust, WANTED, NOW))).toBe('LimitExceeded');
});

const signature = signContent(toPayload(), SIGNER);
const short = { notBefore: NOW - 300, notAfter: NOW + 300 };
const issuers = [fulcioIssuer('v1', ISSUER), fulcioIssuer('v2', ISSUER)];

interface FulcioPlan extends Partial<CertificatePlan> {
  readonly integratedTime?: number;
  readonly logged?: MadeCertificate;
}

const fulcioRows: [
  name: string,
  expected: string,
  plan: FulcioPlan,
  asked?: { oidcIssuer?: string; subjectEmail?: string },
][] = [
  ['control', 'accept', {}],
  ['the issuer in the old form alone', 'accept', { extensions: [names, fulcioIssuer('v1', ISSUER)] }],
  ['the issuer in the new form alone', 'accept', { extensions: [names, fulcioIssuer('v2', ISSUER)] }],
  [
    'two issuers',
    'SignatureMalformed',
    { extensions: [names, fulcioIssuer('v1', ISSUER), fulcioIssuer('v2', 'https://evil.example')] },
  ],
  ['no issuer', 'IdentityMismatch', { extensions: [names] }],
  ['another issuer', 'IdentityMismatch', {}, { oidcIssuer: 'https://other.example' }],
  ['an issuer that starts alike', 'IdentityMismatch', {}, { oidcIssuer: `${ISSUER}/` }],
  ['another email address', 'IdentityMismatch', {}, { subjectEmail: `x${EMAIL}` }],
  ['no email address asked for', 'IdentityMismatch', {}, { subjectEmail: '' }],
  [
    'an empty issuer, asked for',
    'IdentityMismatch',
    { extensions: [names, fulcioIssuer('v1', '')] },
    { oidcIssuer: '' },
  ],
  ['no issuer asked for', 'IdentityMismatch', {}, { oidcIssuer: '' }],
  ['logged in the first second', 'accept', { integratedTime: NOW - 300 }],
  ['logged before the certificate was valid', 'KeyExpired', { integratedTime: NOW - 301 }],
  ['logged after the certificate was valid', 'KeyExpired', { integratedTime: NOW + 301 }],
  [
    'logged with another certificate',
    'LogEntryInvalid',
    { logged: leafOf({ ...short, extensions: [names, ...issuers] }) },
  ],
  ['by another authority', 'KeyUnknown', { issuer: impostor }],
];

describe('a certificate by Fulcio', () => {
  test.each(fulcioRows)('%s: %s', (_, expected, { integratedTime = NOW, logged, ...plan }, asked = {}) => {
    const leaf = leafOf({ ...short, extensions: [names, ...issuers], ...plan });
    const rekorSet = makeRekorSet({ rekor: REKOR, pem: (logged ?? leaf).pem, signature, integratedTime });
    const sent = makeSignature({ keys: SIGNER, signature, certificate: leaf.pem, rekorSet });
    const trust: SigstoreTrust = {
      kind: 'fulcio',
      authorities: [root.parsed],
      oidcIssuer: ISSUER,
      subjectEmail: EMAIL,
      rekorKeys: [REKOR.publicKey],
      ...asked,
    };
    // A year later: only the time of the log counts.
    expect(codeOf(() => verifyCosignSignature(sent, trust, WANTED, NOW + 365 * DAY))).toBe(expected);
  });
});

test('a chain without certificates has no intermediates', () => {
  expect(parseSentIntermediates(undefined)).toEqual([]);
  expect(parseSentIntermediates('')).toEqual([]);
  expect(parseSentIntermediates(root.pem)).toEqual([]);
});

test('validity and authority are read', () => {
  expect(parseLeafCertificate(root.pem)).toMatchObject({ notBefore: ISSUED, notAfter: EXPIRES, isAuthority: true });
});
