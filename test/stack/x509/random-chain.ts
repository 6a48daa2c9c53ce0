import { authority, CODE_SIGNING, der, extension, oid } from '../../crypto/sigstore/make-certificate.ts';
import {
  alternativeNames,
  basicConstraints,
  EMAILS,
  HOSTS,
  keyUsage,
  nameConstraints,
  otherExtension,
  policyExtensions,
  purposes,
} from './random-extensions.ts';
import { createRandom, type Random } from './random.ts';
import { mangleBytes, type Plan, SIGNERS, type Signer, toName, writeCertificate } from './write-certificate.ts';

/** A chain, and what is asked of it. Certificates are DER in base64. */
export interface ChainQuestion {
  readonly kind: 'pki' | 'fulcio';
  readonly roots: readonly string[];
  readonly intermediates: readonly string[];
  readonly leaf: string;
  readonly time: number;
  /** Empty: not asked for. */
  readonly email: string;
  readonly hostname: string;
}

export const NOW = Date.parse('2026-06-01T00:00:00Z') / 1000;
const YEAR = 31_536_000;
const USUAL_SIGNERS = SIGNERS.slice(0, 10);

/** What the chain is varied in: most vary in one thing, so that the rest of it is valid. */
const THEMES = ['policies', 'names', 'usage', 'hosts', 'paths', 'bytes', 'all'] as const;
type Theme = (typeof THEMES)[number];

/** The same chain for the same seed, but for the keys. */
export function makeChain(seed: number): ChainQuestion {
  const random = createRandom(seed);
  const theme = random.pick(THEMES);
  const depth = 1 + random.below(4);
  const authorities: Plan[] = [];
  let above: { name: Buffer; keys: Signer } = { name: toName('root'), keys: pickSigner(random) };
  for (let level = 0; level < depth; level++) {
    const isSelfIssued = level === 0 || random.chance(0.15);
    const subject = isSelfIssued ? above.name : toName(random.pick(['one', 'two', 'three']));
    const keys = level === 0 ? above.keys : pickSigner(random);
    authorities.push(toPlan(random, theme, { subject, issuer: above.name, keys, by: above.keys }, 'authority'));
    above = { name: subject, keys };
  }
  const leafNames = { subject: toName('leaf'), issuer: above.name, keys: pickSigner(random), by: above.keys };
  const leaf = write(random, theme, toPlan(random, theme, leafNames, 'leaf'));
  const [root = Buffer.alloc(0), ...intermediates] = authorities.map((plan) => write(random, theme, plan));
  const strays = theme === 'paths' || theme === 'all' ? makeStrays(random, authorities) : [];
  const isLeafTrusted = theme === 'paths' && random.chance(0.05);
  const sent = shuffle(random, [...intermediates, ...strays.slice(1)]);
  return {
    kind: random.chance(0.2) ? 'fulcio' : 'pki',
    roots: [root, ...strays.slice(0, 1), ...(isLeafTrusted ? [leaf] : [])].map(toBase64),
    intermediates: (random.chance(0.03) ? sent.slice(1) : sent).map(toBase64),
    leaf: toBase64(leaf),
    time: NOW + (random.chance(0.03) ? random.pick([-YEAR, YEAR, -YEAR - 1, YEAR + 1]) : 0),
    ...askedOf(random, theme),
  };
}

function askedOf(random: Random, theme: Theme): Pick<ChainQuestion, 'email' | 'hostname'> {
  const [email = ''] = EMAILS;
  const [hostname = ''] = HOSTS;
  if (theme !== 'hosts' && theme !== 'all')
    return random.chance(0.5) ? { email, hostname: '' } : { email: '', hostname };
  const asked = random.chance(0.3) ? hostname : random.pick(HOSTS.filter((host) => host !== ''));
  return { email: '', hostname: asked };
}

function pickSigner(random: Random): Signer {
  return random.chance(0.97) ? random.pick(USUAL_SIGNERS) : random.pick(SIGNERS);
}

type Issued = Pick<Plan, 'subject' | 'issuer' | 'keys' | 'by'>;

function toPlan(random: Random, theme: Theme, issued: Issued, role: 'authority' | 'leaf'): Plan {
  const is = (...themes: readonly Theme[]): boolean => theme === 'all' || themes.includes(theme);
  const isAuthority = role === 'authority';
  const usual = isAuthority
    ? [authority()]
    : [der(0x30, oid('2.5.29.37'), der(0x04, der(0x30, oid(CODE_SIGNING)))), usualNames()];
  const extensions = is('usage') && random.chance(0.6) ? (isAuthority ? [basicConstraints(random)] : []) : [...usual];
  const put = (made: Buffer): void => {
    // One of a kind, but for a few: what is there twice is refused.
    const kind = made.subarray(0, 12).toString('hex').slice(4, 16);
    const at = extensions.findIndex((one) => one.subarray(0, 12).toString('hex').slice(4, 16) === kind);
    if (at >= 0 && !random.chance(0.02)) extensions.splice(at, 1, made);
    else extensions.push(made);
  };
  if (is('policies')) for (const made of policyExtensions(random)) put(made);
  if (is('names') && isAuthority && random.chance(0.5)) put(nameConstraints(random));
  if (is('names', 'hosts') && random.chance(isAuthority ? 0.2 : 0.9)) put(alternativeNames(random));
  if (is('usage') && random.chance(0.5)) put(keyUsage(random));
  if (is('usage') && random.chance(0.5)) put(purposes(random));
  if (is('paths', 'usage') && isAuthority && random.chance(0.4)) put(basicConstraints(random));
  if (random.chance(theme === 'bytes' ? 0.5 : 0.08)) put(otherExtension(random));
  const isOdd = is('paths', 'usage') && random.chance(0.05);
  return {
    ...issued,
    notBefore: NOW - YEAR + (isOdd ? random.pick([0, YEAR, YEAR + 1]) : 0),
    notAfter: NOW + YEAR - (isOdd ? random.pick([0, YEAR, YEAR + 1]) : 0),
    serial: random.chance(0.02)
      ? random.pick([Buffer.from([0]), Buffer.from([0xff]), Buffer.from([0, 1])])
      : Buffer.from([1]),
    extensions,
  };
}

function usualNames(): Buffer {
  const [email = ''] = EMAILS;
  const [hostname = ''] = HOSTS;
  return extension('2.5.29.17', der(0x30, der(0x81, Buffer.from(email)), der(0x82, Buffer.from(hostname))));
}

function write(random: Random, theme: Theme, plan: Plan): Buffer {
  const isMangled = theme === 'bytes' && random.chance(0.4);
  return writeCertificate(plan, isMangled ? (signed) => mangleBytes(signed, random) : undefined);
}

/** Other certificates of the same names: cross-signed, renewed, looping, or of another key. */
function makeStrays(random: Random, authorities: readonly Plan[]): readonly Buffer[] {
  return Array.from({ length: random.below(4) }, () => {
    const one = random.pick(authorities);
    const by = random.pick(authorities);
    const keys = random.chance(0.5) ? one.keys : pickSigner(random);
    return writeCertificate({
      ...one,
      keys,
      issuer: by.subject,
      by: random.chance(0.8) ? by.keys : pickSigner(random),
    });
  });
}

function shuffle<T>(random: Random, list: readonly T[]): readonly T[] {
  return list
    .map((value) => ({ value, order: random.below(1_000_000) }))
    .toSorted((one, other) => one.order - other.order)
    .map(({ value }) => value);
}

function toBase64(bytes: Buffer): string {
  return bytes.toString('base64');
}
