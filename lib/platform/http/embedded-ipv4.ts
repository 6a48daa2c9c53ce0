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
export function toEmbeddedIPv4(bytes: readonly number[]): string | undefined {
  const hex = Buffer.from(bytes).toString('hex');
  // v4-compatible, ::a.b.c.d (RFC 4291), except :: and ::1.
  if (hex.startsWith(COMPATIBLE_PREFIX) && !/^0{7}[01]$/.test(hex.slice(24))) return bytes.slice(12).join('.');
  const form = FORMS.find(({ at, bytes: expected }) => hex.startsWith(expected, at * 2));
  return form === undefined ? undefined : bytes.slice(form.embeddedAt, form.embeddedAt + 4).join('.');
}

/** The IPv4 addresses, dotted, that an address of local NAT64 may be turned into; undefined for any other. */
export function toLocalNat64Targets(bytes: readonly number[]): readonly string[] | undefined {
  if (!Buffer.from(bytes).toString('hex').startsWith(LOCAL_NAT64)) return undefined;
  return LOCAL_NAT64_PLACES.map((places) => places.map((place) => bytes[place] ?? 0).join('.'));
}
