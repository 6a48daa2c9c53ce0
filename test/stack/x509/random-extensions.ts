import { der, extension, oid } from '../../crypto/sigstore/make-certificate.ts';
import type { Random } from './random.ts';

const text = (value: string): Buffer => Buffer.from(value, 'latin1');
const integer = (value: number): Buffer => Buffer.from([value]);

export const EMAILS = [
  'signer@example.com',
  'SIGNER@example.com',
  'signer@EXAMPLE.com',
  'signer@sub.example.com',
  '"signer"@example.com',
  'other@example.org',
  'signer@',
  'signer',
  'a..b@example.com',
  '"a b"@example.com',
  'a\\@b@example.com',
  'signer@example.com.',
  '',
];
export const HOSTS = [
  'build.example.com',
  'BUILD.example.com',
  'example.com',
  '*.example.com',
  '*.EXAMPLE.com',
  '*',
  '*.com',
  'b*.example.com',
  'a.b.example.com',
  '-build.example.com',
  'build-.example.com',
  '_build.example.com',
  'build.example.com.',
  '.example.com',
  'build..example.com',
  'example.org',
  'localhost',
  'buildxexample.com',
  '10.1.2.3',
  '[10.1.2.3]',
  '2001:db8::1',
  '[2001:DB8::1]',
  '::ffff:10.1.2.3',
  'fe80::1%eth0',
  '01.2.3.4',
  'b\u00fccher.example',
  'a b.example.com',
  '.',
  '',
];
const URIS = [
  'https://build.example.com/x',
  'https://example.org:8443/y?z#f',
  'https://user@build.example.com/',
  'https://10.1.2.3/',
  'https://[2001:db8::1]/',
  'urn:example:1',
  'mailto:a@example.com',
  'https:///x',
  'https://build.example.com./',
  'https://build.example.com:x/',
  'https://b%20.example.com/',
  'https://build.example.com/%zz',
  '/relative',
  '',
];
const ADDRESSES = [
  '0a010203',
  '0a01',
  '20010db8000000000000000000000001',
  '00000000000000000000ffff0a010203',
  'c0a80001',
];
const NETWORKS = [
  '0a000000ff000000',
  '0a010203ffffffff',
  '0a010203ff000000',
  '0000000000000000',
  '20010db8000000000000000000000000ffffffff000000000000000000000000',
  '00000000000000000000ffff00000000ffffffffffffffffffffffff00000000',
  '0a000000ff00ff00',
  '0a0000',
];
const DOMAINS = [
  'example.com',
  '.example.com',
  'EXAMPLE.com',
  'build.example.com',
  'sub.example.com',
  'com',
  'org',
  '',
  '.',
  'example.com.',
  'example..com',
  '*.example.com',
  '10.1.2.3',
];
const MAIL_RULES = [
  'example.com',
  '.example.com',
  'signer@example.com',
  'signer@EXAMPLE.com',
  '"signer"@example.com',
  'org',
  '',
];

export const PURPOSES = ['1.3.6.1.5.5.7.3.3', '2.5.29.37.0', '1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.8', '1.2.3.4.5'];
const POLICIES = ['2.5.29.32.0', '1.2.3.1', '1.2.3.2', '1.2.3.3'];

function usualOr<T>(random: Random, list: readonly T[]): T {
  const [usual] = list;
  return usual !== undefined && random.chance(0.5) ? usual : random.pick(list);
}

function names(random: Random): Buffer[] {
  const found: Buffer[] = [];
  const add = (tag: number, content: Buffer): void => void found.push(der(tag, content));
  if (random.chance(0.7)) add(0x81, text(usualOr(random, EMAILS)));
  if (random.chance(0.7)) add(0x82, text(usualOr(random, HOSTS)));
  if (random.chance(0.3)) add(0x82, text(random.pick(HOSTS)));
  if (random.chance(0.2)) add(0x86, text(usualOr(random, URIS)));
  if (random.chance(0.2)) add(0x87, Buffer.from(usualOr(random, ADDRESSES), 'hex'));
  if (random.chance(0.1)) add(random.pick([0x88, 0xa0, 0xa4, 0x80]), oid('1.2.3').subarray(2));
  return found;
}

export function alternativeNames(random: Random): Buffer {
  return extension('2.5.29.17', der(0x30, ...names(random)), random.chance(0.2));
}

export function nameConstraints(random: Random): Buffer {
  const subtrees = (tag: number): Buffer[] => {
    if (random.chance(0.4)) return [];
    const bases: Buffer[] = [];
    const add = (kind: number, content: Buffer): void => void bases.push(der(0x30, der(kind, content)));
    for (let count = 1 + random.below(3); count > 0; count--) {
      const kind = random.below(9);
      if (kind < 3) add(0x82, text(usualOr(random, DOMAINS)));
      else if (kind < 5) add(0x81, text(usualOr(random, MAIL_RULES)));
      else if (kind < 6) add(0x86, text(usualOr(random, DOMAINS)));
      else if (kind < 8) add(0x87, Buffer.from(usualOr(random, NETWORKS), 'hex'));
      else add(random.pick([0xa4, 0x88]), oid('1.2.3').subarray(2));
    }
    return [der(tag, ...bases)];
  };
  return extension('2.5.29.30', der(0x30, ...subtrees(0xa0), ...subtrees(0xa1)), random.chance(0.7));
}

export function basicConstraints(random: Random): Buffer {
  const flag = random.chance(0.9) ? [der(0x01, integer(0xff))] : [];
  const length = random.chance(0.3) ? [der(0x02, integer(random.below(3)))] : [];
  return extension('2.5.29.19', der(0x30, ...flag, ...length), random.chance(0.8));
}

export function keyUsage(random: Random): Buffer {
  return extension(
    '2.5.29.15',
    der(0x03, integer(0), integer(random.pick([0x80, 0x04, 0x84, 0x20, 0x00, 0xc6]))),
    true,
  );
}

export function purposes(random: Random): Buffer {
  const [usual = '', ...others] = PURPOSES;
  const chosen = [...(random.chance(0.7) ? [usual] : []), ...random.some(others, 0.25)];
  return extension('2.5.29.37', der(0x30, ...chosen.map(oid)), random.chance(0.2));
}

const isCritical = (random: Random): boolean => random.chance(0.3);
const count = (random: Random): Buffer => integer(random.chance(0.01) ? 0xff : random.pick([0, 0, 1, 1, 2, 0x7f]));

/** Of RFC 5280 sections 4.2.1.4, 4.2.1.5, 4.2.1.11 and 4.2.1.14. */
export function policyExtensions(random: Random): readonly Buffer[] {
  const found: Buffer[] = [];
  if (random.chance(0.8)) {
    const chosen = random.some(POLICIES, 0.5).map((policy) => der(0x30, oid(policy)));
    if (random.chance(0.03)) chosen.push(...chosen.slice(0, 1));
    found.push(extension('2.5.29.32', der(0x30, ...chosen), isCritical(random)));
  }
  if (random.chance(0.3)) {
    const pairs = Array.from({ length: 1 + random.below(3) }, () => {
      const subject = random.chance(0.9) ? random.pick(POLICIES.slice(1)) : random.pick(POLICIES);
      const issuer = random.chance(0.9) ? random.pick(POLICIES.slice(1)) : random.pick(POLICIES);
      return der(0x30, oid(issuer), oid(subject));
    });
    found.push(extension('2.5.29.33', der(0x30, ...pairs), isCritical(random)));
  }
  if (random.chance(0.5)) {
    const parts = [
      ...(random.chance(0.8) ? [der(0x80, count(random))] : []),
      ...(random.chance(0.4) ? [der(0x81, count(random))] : []),
    ];
    const isOrdered = random.chance(0.95);
    found.push(extension('2.5.29.36', der(0x30, ...(isOrdered ? parts : parts.toReversed())), isCritical(random)));
  }
  if (random.chance(0.3)) found.push(extension('2.5.29.54', der(0x02, count(random)), isCritical(random)));
  return found;
}

/** Extensions that decide nothing, or that nobody knows. */
export function otherExtension(random: Random): Buffer {
  const rarely = random.chance(0.2);
  const place = der(0xa0, der(random.pick([0xa0, 0xa0, 0xa0, 0xa1]), der(0x86, text('http://example.com/crl'))));
  const key = der(0x04, Buffer.from('0102', 'hex'));
  switch (random.below(7)) {
    case 0:
      return extension('1.2.3.4', der(0x30), random.chance(0.5));
    case 1:
      return extension('2.5.29.14', rarely ? der(0x30) : key, rarely);
    case 2:
      return extension('2.5.29.35', rarely ? key : der(0x30, der(0x80, Buffer.from('0102', 'hex'))), rarely);
    case 3:
      return extension('2.5.29.31', der(0x30, der(0x30, place)), rarely);
    case 4: {
      const method = oid(rarely ? '1.2.3' : '1.3.6.1.5.5.7.48.1');
      return extension(
        '1.3.6.1.5.5.7.1.1',
        der(0x30, der(0x30, method, der(0x86, text('http://example.com')))),
        rarely,
      );
    }
    case 5:
      return extension('1.3.6.1.4.1.57264.1.1', text('https://login.example.com'), rarely);
    default:
      return extension('2.5.29.9', der(0x30), random.chance(0.3));
  }
}
