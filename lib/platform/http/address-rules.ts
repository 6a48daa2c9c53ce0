import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { StoreError } from '../../base/errors/store-error.ts';
import { toEmbeddedIPv4, toLocalNat64Targets } from './embedded-ipv4.ts';

export interface AddressRules {
  /** Loopback, private, shared (CGNAT) and link-local addresses may be contacted; never the metadata services. */
  readonly allowPrivateAddresses: boolean;
}

export type AddressKind =
  | 'public'
  | 'loopback'
  | 'private'
  | 'link-local'
  | 'metadata'
  | 'unspecified'
  | 'multicast'
  | 'reserved';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** What ipaddr.js calls a range; one that is not named here counts as reserved. */
const KINDS: ReadonlyMap<string, AddressKind> = new Map([
  ['unicast', 'public'],
  ['loopback', 'loopback'],
  ['private', 'private'],
  ['uniqueLocal', 'private'],
  ['carrierGradeNat', 'private'],
  ['deprecatedSiteLocal', 'private'],
  ['linkLocal', 'link-local'],
  ['unspecified', 'unspecified'],
  ['multicast', 'multicast'],
]);

const ALLOWABLE: ReadonlySet<AddressKind> = new Set(['loopback', 'private', 'link-local']);

/** They hand out the credentials of the machine or container that asks: AWS, Google, Azure, Oracle, Alibaba, OpenStack. */
const METADATA_RANGES = [
  '169.254.169.0/24',
  '169.254.170.0/24',
  '168.63.129.16/32',
  '192.0.0.192/32',
  '100.100.100.200/32',
  'fd00:ec2::/32',
  'fd20:ce::254/128',
  'fe80::a9fe:a9fe/128',
].map((range) => ipaddr.parseCIDR(range));

const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/** What may live at an IP address; an IPv6 form that embeds an IPv4 address is judged by that one. */
export function classifyAddress(text: string): AddressKind {
  if (!ipaddr.isValid(text)) return 'reserved';
  const address = ipaddr.parse(text);
  if (METADATA_RANGES.some((range) => isWithin(address, range))) return 'metadata';
  if (address.kind() === 'ipv6') {
    const bytes = address.toByteArray();
    const embedded = toEmbeddedIPv4(bytes);
    if (embedded !== undefined) return classifyAddress(embedded);
    const targets = toLocalNat64Targets(bytes);
    // A metadata service stays out of reach even where private addresses may be contacted.
    if (targets !== undefined) {
      return targets.some((target) => classifyAddress(target) === 'metadata') ? 'metadata' : 'private';
    }
  }
  const kind = KINDS.get(address.range()) ?? 'reserved';
  if (kind === 'public' && address.kind() === 'ipv6' && !isWithin(address, GLOBAL_UNICAST)) return 'reserved';
  return kind;
}

/** @throws StoreError `AddressRefused`. `origin` tells how the address came up, for the message. */
export function checkAddress(address: string, rules: AddressRules, origin = address): void {
  const kind = classifyAddress(address);
  if (kind === 'public' || (rules.allowPrivateAddresses && ALLOWABLE.has(kind))) return;
  const remedy = ALLOWABLE.has(kind)
    ? 'contacted only where the profile sets allowPrivateAddresses'
    : 'which is never contacted';
  throw new StoreError('AddressRefused', `${origin} is a ${kind} address, ${remedy}`);
}

/**
 * Refuses a literal address that may not be contacted, in whichever spelling: the URL parser has normalised decimal,
 * octal and hexadecimal forms. Names are judged by what they resolve to. @throws StoreError `AddressRefused`.
 */
export function checkUrlHost(url: URL, rules: AddressRules): void {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0) checkAddress(host, rules);
}

/** True when the address lies within the network; another address family never does. */
export function isWithin(address: Address, [network, bits]: [Address, number]): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}
