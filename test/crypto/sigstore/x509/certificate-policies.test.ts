import { describe, expect, test } from 'vitest';
import { type CertificatePolicies, isUnderPolicy } from '../../../../lib/crypto/sigstore/x509/certificate-policies.ts';
import { parseSentCertificate } from '../../../../lib/crypto/sigstore/x509/certificate.ts';
import { codeOf } from '../code-of.ts';
import { der, extension, makeCertificate, oid } from '../make-certificate.ts';

const ANY = '2.5.29.32.0';
const ONE = '1.2.3.1';
const TWO = '1.2.3.2';

type Said = Partial<CertificatePolicies> & { readonly isSelfIssued?: boolean };

/** From the certificate below the trusted one to the leaf. */
function pathOf(...said: readonly Said[]) {
  const certificates = said.map(({ isSelfIssued = false, ...own }, index) => ({
    issuer: Buffer.from(String(isSelfIssued ? index : index - 1)),
    subject: Buffer.from(String(index)),
    certificatePolicies: {
      policies: [],
      mappings: [],
      explicitAfter: undefined,
      noMappingAfter: undefined,
      noAnyPolicyAfter: undefined,
      ...own,
    },
  }));
  const [first] = pathTrusted;
  return [...certificates.toReversed(), ...(first === undefined ? [] : [first])];
}

const pathTrusted = [
  {
    issuer: Buffer.from('root'),
    subject: Buffer.from('root'),
    certificatePolicies: { policies: [], mappings: [], explicitAfter: 0, noMappingAfter: 0, noAnyPolicyAfter: 0 },
  },
];

const required = { explicitAfter: 0 };

/** Each as Go's crypto/x509 has it, beside which generated ones are held in test/stack. */
test.each<[name: string, expected: boolean, said: readonly Said[]]>([
  ['nothing said', true, [{}, {}]],
  ['no policy where none is required', true, [{ policies: [ONE] }, {}]],
  ['what the trusted certificate requires', true, [{}]],
  ['a policy required, none stated', false, [required, {}]],
  ['a policy required, the same one stated', true, [{ ...required, policies: [ONE] }, { policies: [ONE] }]],
  ['a policy required, another one stated', false, [{ ...required, policies: [ONE] }, { policies: [TWO] }]],
  ['a policy required, any passed on', true, [{ ...required, policies: [ANY] }, { policies: [TWO] }]],
  ['a policy required, any stated', true, [{ ...required, policies: [ONE] }, { policies: [ANY] }]],
  [
    'a policy required, any stated where none may be',
    false,
    [{ ...required, policies: [ONE], noAnyPolicyAfter: 0 }, { policies: [ANY] }],
  ],
  [
    'any stated by a self-issued authority where none may be',
    true,
    [
      { ...required, policies: [ONE], noAnyPolicyAfter: 0 },
      { policies: [ANY], isSelfIssued: true },
      { policies: [ONE] },
    ],
  ],
  [
    'a policy required after one more certificate, the leaf without one',
    false,
    [{ explicitAfter: 1, policies: [ONE] }, { policies: [ONE] }, {}],
  ],
  ['a policy required after more certificates than follow', true, [{ explicitAfter: 2 }, {}]],
  ['required by the leaf itself', false, [{}, required]],
  ['required further down cannot be taken back', false, [required, { explicitAfter: 9 }, {}]],
  [
    'a policy under the name it is mapped to',
    true,
    [{ ...required, policies: [ONE], mappings: [{ issuer: ONE, subject: TWO }] }, { policies: [TWO] }],
  ],
  [
    'a mapped policy under its old name',
    false,
    [{ ...required, policies: [ONE], mappings: [{ issuer: ONE, subject: TWO }] }, { policies: [ONE] }],
  ],
  [
    'a policy mapped out of any',
    true,
    [{ ...required, policies: [ANY], mappings: [{ issuer: ONE, subject: TWO }] }, { policies: [TWO] }],
  ],
  [
    'mapped where no mapping may be',
    false,
    [
      { ...required, policies: [ONE], noMappingAfter: 0 },
      { policies: [ONE], mappings: [{ issuer: ONE, subject: TWO }] },
      { policies: [TWO] },
    ],
  ],
  ['a mapping of any policy', false, [{ policies: [ONE], mappings: [{ issuer: ANY, subject: TWO }] }, {}]],
  ['a mapping to any policy', false, [{ policies: [ONE], mappings: [{ issuer: ONE, subject: ANY }] }, {}]],
])('%s: %s', (_, expected, said) => {
  expect(isUnderPolicy(pathOf(...said))).toBe(expected);
});

describe('extensions of policies', () => {
  const constraints = (...parts: readonly Buffer[]): Buffer => extension('2.5.29.36', der(0x30, ...parts));
  const number = (tag: number, value: number): Buffer => der(tag, Buffer.from([value]));

  test.each<[name: string, expected: string, made: Buffer]>([
    ['both constraints', 'accept', constraints(number(0x80, 0), number(0x81, 1))],
    ['no constraint', 'accept', constraints()],
    ['constraints in the wrong order', 'SignatureMalformed', constraints(number(0x81, 0), number(0x80, 0))],
    ['a constraint twice', 'SignatureMalformed', constraints(number(0x80, 0), number(0x80, 1))],
    ['a constraint below zero', 'SignatureMalformed', constraints(number(0x80, 0xff))],
    ['an unknown constraint', 'SignatureMalformed', constraints(number(0x82, 0))],
    ['a policy', 'accept', extension('2.5.29.32', der(0x30, der(0x30, oid(ONE))))],
    [
      'a policy twice',
      'SignatureMalformed',
      extension('2.5.29.32', der(0x30, der(0x30, oid(ONE)), der(0x30, oid(ONE)))),
    ],
    ['a policy that is none', 'SignatureMalformed', extension('2.5.29.32', der(0x30, der(0x30, number(2, 1))))],
    ['a mapping of one name', 'SignatureMalformed', extension('2.5.29.33', der(0x30, der(0x30, oid(ONE))))],
    [
      'a mapping of three',
      'SignatureMalformed',
      extension('2.5.29.33', der(0x30, der(0x30, oid(ONE), oid(ONE), oid(TWO)))),
    ],
    ['no any policy after a word', 'SignatureMalformed', extension('2.5.29.54', der(0x0c, Buffer.from('1')))],
  ])('%s: %s', (_, expected, made) => {
    const { pem } = makeCertificate({ name: 'one', extensions: [made] });
    const content = Buffer.from(pem.split('\n')[1] ?? '', 'base64');
    expect(codeOf(() => parseSentCertificate(content, 'it'))).toBe(expected);
  });
});
