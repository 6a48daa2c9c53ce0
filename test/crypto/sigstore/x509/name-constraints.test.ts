import { expect, test } from 'vitest';
import {
  areNamesAllowed,
  MAX_COMPARED_CHARACTERS,
  parseNameConstraints,
} from '../../../../lib/crypto/sigstore/x509/name-constraints.ts';
import { codeOf } from '../code-of.ts';
import { der, EMAIL_TAG, HOSTNAME_TAG, URI_TAG } from '../make-certificate.ts';

const PERMITTED = 0xa0;
const EXCLUDED = 0xa1;
const NONE = { emails: [], hostnames: [], addresses: [], uris: [], uriHosts: [], usernames: [] };
const ADDRESS_TAG = 0x87;

type Names = Partial<typeof NONE> | Readonly<Record<string, readonly unknown[]>>;

function restrict(list: number, ...bases: readonly (readonly [tag: number, text: string])[]): Buffer {
  const toContent = (tag: number, text: string): Buffer => Buffer.from(text, tag === ADDRESS_TAG ? 'hex' : 'latin1');
  return der(0x30, der(list, ...bases.map(([tag, text]) => der(0x30, der(tag, toContent(tag, text))))));
}

function judge(names: Names, encoded: Buffer, characters = MAX_COMPARED_CHARACTERS): string {
  const nameConstraints = parseNameConstraints(encoded);
  const leaf = { ...NONE, ...names, nameConstraints: undefined, hasNames: true };
  const authority = { ...NONE, nameConstraints, hasNames: false };
  return codeOf(() => {
    if (!areNamesAllowed([leaf, authority], { left: characters })) throw new RangeError('not allowed');
  });
}

const hosts = (...hostnames: readonly string[]): Names => ({ hostnames });
const emails = (...names: readonly string[]): Names => ({ emails: names });
const addresses = (...names: readonly string[]): Names => ({ addresses: names.map((hex) => Buffer.from(hex, 'hex')) });

const isAllowed = (names: Names, encoded: Buffer): boolean => {
  try {
    return judge(names, encoded) === 'accept';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
};

/** Each as Go's crypto/x509 has it, but for those that say so. */
test.each<[name: string, expected: boolean, names: Names, encoded: Buffer]>([
  ['the domain itself', true, hosts('example.com'), restrict(PERMITTED, [HOSTNAME_TAG, 'example.com'])],
  ['what is below it', true, hosts('a.b.example.com'), restrict(PERMITTED, [HOSTNAME_TAG, 'example.com'])],
  ['in other letter case', true, hosts('A.EXAMPLE.com'), restrict(PERMITTED, [HOSTNAME_TAG, 'Example.COM'])],
  ['what ends alike', false, hosts('evilexample.com'), restrict(PERMITTED, [HOSTNAME_TAG, 'example.com'])],
  ['below a dot alone', true, hosts('a.example.com'), restrict(PERMITTED, [HOSTNAME_TAG, '.example.com'])],
  ['not below a dot', false, hosts('example.com'), restrict(PERMITTED, [HOSTNAME_TAG, '.example.com'])],
  ['one of two domains', true, hosts('a.org'), restrict(PERMITTED, [HOSTNAME_TAG, 'com'], [HOSTNAME_TAG, 'org'])],
  ['one name of two', false, hosts('a.com', 'a.org'), restrict(PERMITTED, [HOSTNAME_TAG, 'com'])],
  ['names of another kind', true, emails('a@b.org'), restrict(PERMITTED, [HOSTNAME_TAG, 'com'])],
  ['a name with a dot at its end', false, hosts('a.com.'), restrict(EXCLUDED, [HOSTNAME_TAG, 'org'])],
  ['excluded', false, hosts('a.example.com'), restrict(EXCLUDED, [HOSTNAME_TAG, 'example.com'])],
  ['not excluded', true, hosts('a.example.org'), restrict(EXCLUDED, [HOSTNAME_TAG, 'example.com'])],
  ['every name excluded', false, hosts('a.example.org'), restrict(EXCLUDED, [HOSTNAME_TAG, ''])],
  [
    'a wildcard that would stand for it',
    false,
    hosts('*.example.com'),
    restrict(EXCLUDED, [HOSTNAME_TAG, 'a.example.com']),
  ],
  ['a mailbox', true, emails('a@example.com'), restrict(PERMITTED, [EMAIL_TAG, 'a@EXAMPLE.com'])],
  ['a mailbox, quoted', true, emails('"a"@example.com'), restrict(PERMITTED, [EMAIL_TAG, 'a@example.com'])],
  ['another mailbox', false, emails('A@example.com'), restrict(PERMITTED, [EMAIL_TAG, 'a@example.com'])],
  ['a mailbox of the domain', true, emails('a@example.com'), restrict(PERMITTED, [EMAIL_TAG, 'example.com'])],
  ['what is no mailbox', false, emails('a'), restrict(PERMITTED, [HOSTNAME_TAG, 'example.com'])],
  ['the host of a URI', true, { uriHosts: ['a.example.com'] }, restrict(PERMITTED, [URI_TAG, 'example.com'])],
  ['a URI without one', false, { uriHosts: [undefined] }, restrict(PERMITTED, [HOSTNAME_TAG, 'example.com'])],
  ['an address of the network', true, addresses('0a010203'), restrict(PERMITTED, [ADDRESS_TAG, '0a000000ff000000'])],
  ['an address of another', false, addresses('0b010203'), restrict(PERMITTED, [ADDRESS_TAG, '0a000000ff000000'])],
  [
    'a network with bits of a host (Go: sometimes)',
    false,
    addresses('0a010203'),
    restrict(PERMITTED, [ADDRESS_TAG, '0a020203ff000000']),
  ],
  [
    'the same, excluded (Go: sometimes)',
    false,
    addresses('0a010203'),
    restrict(EXCLUDED, [ADDRESS_TAG, '0a020203ff000000']),
  ],
  [
    'an IPv4 address in IPv6 form (Go: accepted)',
    false,
    addresses('00000000000000000000ffff0a010203'),
    restrict(EXCLUDED, [ADDRESS_TAG, '0a000000ff000000']),
  ],
  [
    'an IPv4 address in IPv6 form, excluded by nothing',
    true,
    addresses('00000000000000000000ffff0a010203'),
    restrict(EXCLUDED, [ADDRESS_TAG, '0b000000ff000000']),
  ],
  [
    'an IPv4 address in IPv6 form, permitted',
    false,
    addresses('00000000000000000000ffff0a010203'),
    restrict(PERMITTED, [ADDRESS_TAG, '0a000000ff000000']),
  ],
])('%s: %s', (_, expected, names, encoded) => {
  expect(isAllowed(names, encoded)).toBe(expected);
});

test.each<[name: string, encoded: Buffer]>([
  ['nothing', der(0x30)],
  ['two empty lists', der(0x30, der(PERMITTED), der(EXCLUDED))],
  ['lists in the wrong order', der(0x30, der(EXCLUDED), der(PERMITTED))],
  ['a domain with a dot at its end', restrict(PERMITTED, [HOSTNAME_TAG, 'example.com.'])],
  ['a domain above ASCII', restrict(PERMITTED, [HOSTNAME_TAG, 'b\u00fccher.example'])],
  ['a mailbox of nobody', restrict(PERMITTED, [EMAIL_TAG, '@example.com'])],
  ['a URI of an address', restrict(PERMITTED, [URI_TAG, '10.1.2.3'])],
  ['a network of three octets', restrict(PERMITTED, [ADDRESS_TAG, '0a0000'])],
  ['a network with holes', restrict(PERMITTED, [ADDRESS_TAG, '0a000000ff00ff00'])],
])('%s is malformed', (_, encoded) => {
  expect(() => parseNameConstraints(encoded)).toThrow(expect.objectContaining({ name: 'DerError' }));
});

test('names times restrictions are counted', () => {
  const many = Array.from({ length: 1000 }, (_, index) => `a${index}.example.com`);
  const encoded = restrict(PERMITTED, ...many.map((name) => [HOSTNAME_TAG, name] as const));
  expect(judge(hosts(...many.slice(0, 10)), encoded)).toBe('accept');
  expect(judge(hosts(...many), encoded)).toBe('LimitExceeded');
});
