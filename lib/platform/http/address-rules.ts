import { lookup } from 'node:dns';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import ipaddr from 'ipaddr.js';
import { StoreError } from '../../base/errors/store-error.ts';

export interface AddressRules {
  /** Loopback, private, shared (CGNAT) and IPv6 link-local addresses may be contacted; never the metadata services. */
  readonly allowPrivateAddresses: boolean;
}

type AddressKind =
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

/**
 * Metadata services, which return the credentials of the caller. Clouds use other addresses of 169.254.0.0/16 than the one
 * they share, so that none of them is contacted. Sources: the documentation of each cloud, and cloud-init's of its
 * data sources.
 */
const METADATA_RANGES = [
  '169.254.0.0/16', // all clouds; 169.254.42.42 Scaleway, 169.254.0.23 Tencent, 169.254.170.2 containers of AWS
  '168.63.129.16/32', // Azure
  '192.0.0.192/32', // Oracle
  '100.100.100.200/32', // Alibaba
  'fd00:ec2::/32', // AWS
  'fd20:ce::254/128', // Google
  'fd00:c1::a9fe:a9fe/128', // Oracle
  'fd00:42::42/128', // Scaleway
  'fd00:a9fe:a9fe::1/128', // Akamai
  'fd00:100::100:200/128', // Alibaba
  'fe80::a9fe:a9fe/128', // OpenStack
];
const GLOBAL_UNICAST_RANGE = '2000::/3';

interface Ranges {
  readonly metadata: readonly [Address, number][];
  readonly globalUnicast: [Address, number];
}

let parsedRanges: Ranges | undefined;

/** Parsed for the first address that is judged: what contacts nothing starts 2 ms sooner. */
function toRanges(): Ranges {
  parsedRanges ??= {
    metadata: METADATA_RANGES.map((range) => ipaddr.parseCIDR(range)),
    globalUnicast: ipaddr.parseCIDR(GLOBAL_UNICAST_RANGE),
  };
  return parsedRanges;
}

/** What may live at an IP address; an IPv6 form that embeds an IPv4 address is judged by that one. */
function classifyAddress(text: string): AddressKind {
  if (!ipaddr.isValid(text)) return 'reserved';
  const address = ipaddr.parse(text);
  const { metadata, globalUnicast } = toRanges();
  if (metadata.some((range) => isWithin(address, range))) return 'metadata';
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
  if (kind === 'public' && address.kind() === 'ipv6' && !isWithin(address, globalUnicast)) return 'reserved';
  return kind;
}

/** @throws StoreError `AddressRefused`. `origin` names the address in the message. */
function checkAddress(address: string, rules: AddressRules, origin = address): void {
  const kind = classifyAddress(address);
  if (kind === 'public' || (rules.allowPrivateAddresses && ALLOWABLE.has(kind))) return;
  const remedy = ALLOWABLE.has(kind)
    ? 'contacted only where allowPrivateAddresses of the profile, or --allow-private-stores, allows it'
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

/**
 * A `lookup` for `net.connect` that answers only when every address of a name may be contacted. The connection uses
 * the very addresses checked here, so a name that resolves differently the next time gains nothing (DNS rebinding).
 */
export function createCheckedLookup(rules: AddressRules, resolve: typeof lookup = lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const failure = error ?? findRefusal(hostname, addresses, rules);
      const [first] = failure === undefined ? addresses : [];
      if (failure !== undefined || first === undefined) {
        callback(failure ?? new Error(`${hostname} has no address`), []);
      } else if (options.all === true) {
        callback(null, addresses);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };
}

function findRefusal(
  hostname: string,
  addresses: readonly { readonly address: string }[],
  rules: AddressRules,
): Error | undefined {
  try {
    for (const { address } of addresses) checkAddress(address, rules, `${hostname} resolves to ${address}, which`);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/**
 * Checks the address that a socket is really connected to, independent of the lookup, and destroys it before a
 * byte of the request leaves. To be called for each request: a kept-alive socket is checked anew.
 */
export function guardSocket(socket: Socket, rules: AddressRules): void {
  if (socket.connecting) socket.once('connect', () => destroyIfRefused(socket, rules));
  else destroyIfRefused(socket, rules);
}

function destroyIfRefused(socket: Socket, rules: AddressRules): void {
  const address = socket.remoteAddress;
  try {
    if (address === undefined) throw new StoreError('ConnectionFailed', 'the connection was lost');
    checkAddress(address, rules, `the connected address ${address}`);
  } catch (error) {
    socket.destroy(error instanceof Error ? error : undefined);
  }
}

/** True when the address lies within the network; another address family never does. */
export function isWithin(address: Address, [network, bits]: [Address, number]): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}

interface Form {
  /** Hex digits of the bytes from `at` on. */
  readonly at: number;
  readonly bytes: string;
  readonly embeddedAt: number;
}

/** IPv6 forms that routers and translators turn into an IPv4 address, each a way around a check of IPv4 ranges. */
const FORMS: readonly Form[] = [
  { at: 0, bytes: '00000000000000000000ffff', embeddedAt: 12 }, // v4-mapped, ::ffff:a.b.c.d
  { at: 0, bytes: '0000000000000000ffff0000', embeddedAt: 12 }, // translated, ::ffff:0:a.b.c.d (RFC 7915)
  { at: 0, bytes: '0064ff9b0000000000000000', embeddedAt: 12 }, // NAT64, 64:ff9b::a.b.c.d (RFC 6052)
  { at: 0, bytes: '2002', embeddedAt: 2 }, // 6to4 (RFC 3056)
  { at: 8, bytes: '00005efe', embeddedAt: 12 }, // ISATAP (RFC 5214)
  { at: 8, bytes: '02005efe', embeddedAt: 12 },
];

/** Local NAT64, 64:ff9b:1::/48 (RFC 8215): which part of it translates, and to which networks, its operator decides. */
const LOCAL_NAT64 = '0064ff9b0001';
/** Where RFC 6052 puts the IPv4 address after prefixes of 48, 56, 64 and 96 bits: around byte 8, which is zero. */
const LOCAL_NAT64_PLACES: readonly (readonly number[])[] = [
  [6, 7, 9, 10],
  [7, 9, 10, 11],
  [9, 10, 11, 12],
  [12, 13, 14, 15],
];

const COMPATIBLE_PREFIX = '00'.repeat(12);

/** The IPv4 address, dotted, that the 16 bytes of an IPv6 address carry; undefined when they carry none. */
function toEmbeddedIPv4(bytes: readonly number[]): string | undefined {
  const hex = Buffer.from(bytes).toString('hex');
  // v4-compatible, ::a.b.c.d (RFC 4291), except :: and ::1.
  if (hex.startsWith(COMPATIBLE_PREFIX) && !/^0{7}[01]$/.test(hex.slice(24))) return bytes.slice(12).join('.');
  const form = FORMS.find(({ at, bytes: expected }) => hex.startsWith(expected, at * 2));
  return form === undefined ? undefined : bytes.slice(form.embeddedAt, form.embeddedAt + 4).join('.');
}

/** The IPv4 addresses, dotted, that an address of local NAT64 may be turned into; undefined for any other. */
function toLocalNat64Targets(bytes: readonly number[]): readonly string[] | undefined {
  if (!Buffer.from(bytes).toString('hex').startsWith(LOCAL_NAT64)) return undefined;
  return LOCAL_NAT64_PLACES.map((places) => places.map((place) => bytes[place] ?? 0).join('.'));
}
