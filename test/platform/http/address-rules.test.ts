import type { LookupAddress, lookup } from 'node:dns';
import { isIPv6 } from 'node:net';
import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { checkUrlHost, createCheckedLookup } from '../../../lib/platform/http/address-rules.ts';

const ADDRESSES: readonly { name: string; address: string; kind: string }[] = [
  { name: 'public IPv4', address: '93.184.216.34', kind: 'public' },
  { name: 'public IPv6', address: '2606:4700::1111', kind: 'public' },
  { name: 'loopback', address: '127.0.0.1', kind: 'loopback' },
  { name: 'the rest of the loopback network', address: '127.255.0.9', kind: 'loopback' },
  { name: 'IPv6 loopback', address: '::1', kind: 'loopback' },
  { name: '10/8', address: '10.0.0.1', kind: 'private' },
  { name: '172.16/12', address: '172.31.255.255', kind: 'private' },
  { name: 'just after 172.16/12', address: '172.32.0.1', kind: 'public' },
  { name: '192.168/16', address: '192.168.1.1', kind: 'private' },
  { name: 'carrier-grade NAT', address: '100.64.0.1', kind: 'private' },
  { name: 'unique-local', address: 'fc00::1', kind: 'private' },
  { name: 'site-local', address: 'fec0::1', kind: 'private' },
  { name: 'IPv4 link-local, where clouds put metadata', address: '169.254.1.1', kind: 'metadata' },
  { name: 'metadata of Scaleway', address: '169.254.42.42', kind: 'metadata' },
  { name: 'metadata of Tencent', address: '169.254.0.23', kind: 'metadata' },
  { name: 'the first of 169.254/16', address: '169.254.0.0', kind: 'metadata' },
  { name: 'the last of 169.254/16', address: '169.254.255.255', kind: 'metadata' },
  { name: 'metadata of Scaleway over IPv6', address: 'fd00:42::42', kind: 'metadata' },
  { name: 'metadata of Oracle over IPv6', address: 'fd00:c1::a9fe:a9fe', kind: 'metadata' },
  { name: 'metadata of Akamai over IPv6', address: 'fd00:a9fe:a9fe::1', kind: 'metadata' },
  { name: 'metadata of Alibaba over IPv6', address: 'fd00:100::100:200', kind: 'metadata' },
  { name: 'a private neighbour of metadata', address: 'fd00:42::43', kind: 'private' },
  { name: 'IPv6 link-local', address: 'fe80::1', kind: 'link-local' },
  { name: 'IPv6 link-local with a zone', address: 'fe80::1%eth0', kind: 'link-local' },
  { name: 'metadata service', address: '169.254.169.254', kind: 'metadata' },
  { name: 'container credentials', address: '169.254.170.2', kind: 'metadata' },
  { name: 'IPv6 metadata service', address: 'fd00:ec2::254', kind: 'metadata' },
  { name: 'metadata service behind CGNAT', address: '100.100.100.200', kind: 'metadata' },
  { name: 'metadata service, v4-mapped', address: '::ffff:169.254.169.254', kind: 'metadata' },
  { name: 'metadata service through NAT64', address: '64:ff9b::a9fe:a9fe', kind: 'metadata' },
  { name: 'unspecified', address: '0.0.0.0', kind: 'unspecified' },
  { name: 'this network', address: '0.1.2.3', kind: 'unspecified' },
  { name: 'IPv6 unspecified', address: '::', kind: 'unspecified' },
  { name: 'multicast', address: '224.0.0.1', kind: 'multicast' },
  { name: 'IPv6 multicast', address: 'ff02::1', kind: 'multicast' },
  { name: 'broadcast', address: '255.255.255.255', kind: 'reserved' },
  { name: 'class E', address: '240.0.0.1', kind: 'reserved' },
  { name: 'documentation', address: '192.0.2.1', kind: 'reserved' },
  { name: 'benchmarking', address: '198.18.0.1', kind: 'reserved' },
  { name: 'IPv6 documentation', address: '2001:db8::1', kind: 'reserved' },
  { name: 'Teredo', address: '2001::1', kind: 'reserved' },
  { name: 'outside of global unicast', address: '4000::1', kind: 'reserved' },
  { name: 'v4-mapped loopback', address: '::ffff:127.0.0.1', kind: 'loopback' },
  { name: 'v4-mapped private, in hex', address: '::ffff:a00:1', kind: 'private' },
  { name: 'v4-mapped public', address: '::ffff:93.184.216.34', kind: 'public' },
  { name: 'v4-compatible private', address: '::10.0.0.1', kind: 'private' },
  { name: 'translated private', address: '::ffff:0:10.0.0.1', kind: 'private' },
  { name: '6to4 of a private address', address: '2002:a00:1::', kind: 'private' },
  { name: '6to4 of loopback', address: '2002:7f00:1::1', kind: 'loopback' },
  { name: 'NAT64 of a private address', address: '64:ff9b::c0a8:101', kind: 'private' },
  { name: 'NAT64 of a public address', address: '64:ff9b::5db8:d822', kind: 'public' },
  { name: 'local NAT64 of loopback', address: '64:ff9b:1::7f00:1', kind: 'private' },
  { name: 'local NAT64 of a public address', address: '64:ff9b:1::5db8:d822', kind: 'private' },
  { name: 'local NAT64 of loopback, /48', address: '64:ff9b:1:7f00:0:100:808:808', kind: 'private' },
  { name: 'the end of local NAT64', address: '64:ff9b:1:ffff:ffff:ffff:ffff:ffff', kind: 'private' },
  { name: 'just after local NAT64', address: '64:ff9b:2::808:808', kind: 'reserved' },
  { name: 'metadata through local NAT64, 96 bits', address: '64:ff9b:1::a9fe:a9fe', kind: 'metadata' },
  { name: 'metadata through local NAT64, 64 bits', address: '64:ff9b:1:0:a9:fea9:fe00:0', kind: 'metadata' },
  { name: 'metadata through local NAT64, 56 bits', address: '64:ff9b:1:a9:fe:a9fe::', kind: 'metadata' },
  { name: 'metadata through local NAT64, 48 bits', address: '64:ff9b:1:a9fe:a9:fe00::', kind: 'metadata' },
  { name: 'ISATAP of a private address', address: '2606:4700::5efe:a00:1', kind: 'private' },
  { name: 'metadata of Oracle', address: '192.0.0.192', kind: 'metadata' },
  { name: 'metadata of Azure', address: '168.63.129.16', kind: 'metadata' },
  { name: 'metadata of Google over IPv6', address: 'fd20:ce::254', kind: 'metadata' },
  { name: 'credentials of pods at AWS over IPv6', address: 'fd00:ec2::23', kind: 'metadata' },
  { name: 'metadata of OpenStack, link-local with a zone', address: 'fe80::a9fe:a9fe%2', kind: 'metadata' },
  {
    name: 'metadata of Alibaba, v4-mapped and spelled out',
    address: '0:0:0:0:0:ffff:100.100.100.200',
    kind: 'metadata',
  },
  { name: 'metadata through 6to4', address: '2002:a9fe:a9fe::', kind: 'metadata' },
  { name: 'ISATAP of loopback', address: '2001:470:1:2:0:5efe:7f00:1', kind: 'loopback' },
  { name: 'ISATAP of metadata, as of a global address', address: '2001:470:1:2:200:5efe:a9fe:a9fe', kind: 'metadata' },
  { name: 'Teredo of another client', address: '2001:0:4136:e378:8000:63bf:3fff:fdd2', kind: 'reserved' },
  { name: 'the relay of 6to4', address: '192.88.99.1', kind: 'reserved' },
  { name: 'discarded', address: '100::1', kind: 'reserved' },
  { name: 'a hash of a key', address: '2001:10::1', kind: 'reserved' },
  { name: 'a hash of a key, version 2', address: '2001:20::1', kind: 'reserved' },
  { name: 'IPv6 documentation of 2024', address: '3fff::1', kind: 'reserved' },
  { name: 'segment routing', address: '5f00::1', kind: 'reserved' },
  { name: 'where reverse lookups of private addresses end', address: '2620:4f:8000::1', kind: 'reserved' },
  { name: 'not an address', address: 'store.example', kind: 'reserved' },
];

/** What is refused even where private addresses may be contacted. */
const NEVER = ['metadata', 'unspecified', 'multicast', 'reserved'];

describe('an address that a name resolves to', () => {
  test.each(ADDRESSES)('$name: $kind', async ({ address, kind }) => {
    const refusal = `host.test resolves to ${address}, which is a ${kind} address, `;
    const isNever = NEVER.includes(kind);
    const remedy = isNever
      ? 'which is never contacted'
      : 'contacted only where allowPrivateAddresses of the profile, or --allow-private-stores, allows it';
    expect(await resolve(address, false)).toBe(kind === 'public' ? address : refusal + remedy);
    expect(await resolve(address, true)).toBe(isNever ? refusal + remedy : address);
  });
});

/** The address that a connection is made to, or why there is none. */
function resolve(address: string, allowPrivateAddresses: boolean): Promise<string> {
  const answer = (_name: string, _options: unknown, callback: (error: null, found: LookupAddress[]) => void) =>
    callback(null, [{ address, family: isIPv6(address) ? 6 : 4 }]);
  const checked = createCheckedLookup({ allowPrivateAddresses }, answer as typeof lookup);
  const { promise, resolve: settle } = Promise.withResolvers<string>();
  checked('host.test', {}, (error, found) =>
    settle(error?.message ?? (typeof found === 'string' ? found : 'several addresses')),
  );
  return promise;
}

const HOSTS: readonly { name: string; url: string; closed: string; open: string }[] = [
  { name: 'dotted loopback', url: 'http://127.0.0.1/', closed: 'AddressRefused', open: 'allowed' },
  { name: 'decimal loopback', url: 'http://2130706433/', closed: 'AddressRefused', open: 'allowed' },
  { name: 'octal loopback', url: 'http://0177.0.0.1/', closed: 'AddressRefused', open: 'allowed' },
  { name: 'hexadecimal loopback', url: 'http://0x7f.1/', closed: 'AddressRefused', open: 'allowed' },
  { name: 'short loopback', url: 'http://127.1/', closed: 'AddressRefused', open: 'allowed' },
  { name: 'loopback with a final dot', url: 'http://127.0.0.1./', closed: 'AddressRefused', open: 'allowed' },
  { name: 'full-width digits', url: 'http://１２７.0.0.1/', closed: 'AddressRefused', open: 'allowed' },
  { name: 'digits in circles', url: 'http://①②⑦.⓪.⓪.①/', closed: 'AddressRefused', open: 'allowed' },
  { name: 'digits in percent signs', url: 'http://%31%32%37.0.0.1/', closed: 'AddressRefused', open: 'allowed' },
  { name: 'full stops of Chinese', url: 'http://127。0。0。1/', closed: 'AddressRefused', open: 'allowed' },
  { name: 'metadata, hexadecimal', url: 'http://0xa9fea9fe/', closed: 'AddressRefused', open: 'AddressRefused' },
  { name: 'IPv6 loopback', url: 'http://[::1]/', closed: 'AddressRefused', open: 'allowed' },
  { name: 'v4-mapped private', url: 'http://[::ffff:10.0.0.1]/', closed: 'AddressRefused', open: 'allowed' },
  {
    name: 'link-local, where clouds put metadata',
    url: 'http://169.254.1.1/',
    closed: 'AddressRefused',
    open: 'AddressRefused',
  },
  { name: 'metadata', url: 'http://169.254.169.254/', closed: 'AddressRefused', open: 'AddressRefused' },
  { name: 'metadata, decimal', url: 'http://2852039166/', closed: 'AddressRefused', open: 'AddressRefused' },
  { name: 'IPv6 metadata', url: 'http://[fd00:ec2::254]/', closed: 'AddressRefused', open: 'AddressRefused' },
  { name: 'unspecified', url: 'http://0/', closed: 'AddressRefused', open: 'AddressRefused' },
  { name: 'multicast', url: 'http://224.0.0.1/', closed: 'AddressRefused', open: 'AddressRefused' },
  { name: 'public', url: 'http://93.184.216.34/', closed: 'allowed', open: 'allowed' },
  { name: 'a name, judged when it is resolved', url: 'http://localhost/', closed: 'allowed', open: 'allowed' },
];

describe('checkUrlHost', () => {
  test.each(HOSTS)('$name: $closed, with allowPrivateAddresses $open', ({ url, closed, open }) => {
    expect(outcome(url, false)).toBe(closed);
    expect(outcome(url, true)).toBe(open);
  });
});

function outcome(url: string, allowPrivateAddresses: boolean): string {
  try {
    checkUrlHost(new URL(url), { allowPrivateAddresses });
    return 'allowed';
  } catch (error) {
    return error instanceof StoreError ? error.code : String(error);
  }
}
