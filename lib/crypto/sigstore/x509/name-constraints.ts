import { SignatureError } from '../../../base/errors/signature-error.ts';
import {
  type AlternativeNames,
  decodeAscii,
  isDomain,
  type Mailbox,
  NameTag,
  parseMailbox,
} from './alternative-names.ts';
import { DerError, DerTag, type DerValue, expectDer, readDer, readDerValues } from './der.ts';

/** The names that an authority may certify (RFC 5280 section 4.2.1.10), as Go's crypto/x509 reads and compares them. */
export interface NameConstraints {
  readonly permitted: Subtrees;
  readonly excluded: Subtrees;
  /** A kind of name is restricted that is not read. */
  readonly isPartlyRead: boolean;
}

interface Subtrees {
  readonly domains: readonly string[];
  readonly uriDomains: readonly string[];
  readonly mailboxes: readonly Mailbox[];
  readonly mailDomains: readonly string[];
  readonly networks: readonly Network[];
}

interface Network {
  readonly address: Buffer;
  readonly mask: Buffer;
}

const PERMITTED_TAG = 0xa0;
const EXCLUDED_TAG = 0xa1;
const READ_TAGS: ReadonlySet<number> = new Set(Object.values(NameTag));

/** @throws DerError */
export function parseNameConstraints(value: Buffer): NameConstraints {
  const parts = readDerValues(expectDer(readDer(value), DerTag.sequence));
  const [first, second, ...more] = parts;
  const excludedPart = first?.tag === EXCLUDED_TAG ? first : second;
  const isKnown = first?.tag === PERMITTED_TAG || (first?.tag === EXCLUDED_TAG && second === undefined);
  if (!isKnown || more.length > 0 || (excludedPart !== undefined && excludedPart.tag !== EXCLUDED_TAG)) {
    throw new DerError('the restrictions of names are not readable');
  }
  const permitted = readBases(first.tag === PERMITTED_TAG ? first : undefined);
  const excluded = readBases(excludedPart);
  const all = [...permitted, ...excluded];
  if (all.length === 0) throw new DerError('the restrictions of names are empty');
  return {
    permitted: toSubtrees(permitted),
    excluded: toSubtrees(excluded),
    isPartlyRead: all.some(({ tag }) => !READ_TAGS.has(tag)),
  };
}

function readBases(part: DerValue | undefined): readonly DerValue[] {
  if (part === undefined) return [];
  return readDerValues(part.content).map((subtree) => {
    const [base, ...distances] = readDerValues(expectDer(subtree, DerTag.sequence));
    if (base === undefined || distances.length > 0) throw new DerError('a restriction of names is not one name');
    return base;
  });
}

function toSubtrees(bases: readonly DerValue[]): Subtrees {
  const textsOf = (wanted: number): readonly string[] =>
    bases.filter(({ tag }) => tag === wanted).map(({ content }) => decodeAscii(content));
  const emails = textsOf(NameTag.email);
  return {
    domains: textsOf(NameTag.hostname).map(requireDomain),
    uriDomains: textsOf(NameTag.uri).map(requireUriDomain),
    mailboxes: emails.filter((email) => email.includes('@')).map(requireMailbox),
    mailDomains: emails.filter((email) => !email.includes('@')).map(requireDomain),
    networks: bases.filter(({ tag }) => tag === NameTag.address).map(({ content }) => parseNetwork(content)),
  };
}

function requireDomain(text: string): string {
  if (!isDomain(text, 'constraint')) throw new DerError('a restriction of names is not a domain');
  return text.toLowerCase();
}

function requireUriDomain(text: string): string {
  if (/^[0-9.]+$/.test(text) || text.includes(':')) throw new DerError('a restriction of URIs is an address');
  return requireDomain(text);
}

function requireMailbox(text: string): Mailbox {
  const mailbox = parseMailbox(text);
  if (mailbox === undefined) throw new DerError('a restriction of names is not a mailbox');
  return { ...mailbox, domain: mailbox.domain.toLowerCase() };
}

function parseNetwork(content: Buffer): Network {
  const half = content.length / 2;
  const [address, mask] = [content.subarray(0, half), content.subarray(half)];
  const bits = [...mask].map((octet) => octet.toString(2).padStart(8, '0')).join('');
  if ((half !== 4 && half !== 16) || bits.includes('01')) throw new DerError('a restriction of names is not a network');
  return { address, mask };
}

/** Characters that may be compared in search of one path; a certificate holds at most 64 KiB of them. */
export const MAX_COMPARED_CHARACTERS = 1_000_000;

/** What is left of {@link MAX_COMPARED_CHARACTERS}. */
export interface ComparisonBudget {
  left: number;
}

/** A certificate, as far as names are concerned. */
interface Named extends AlternativeNames {
  readonly nameConstraints: NameConstraints | undefined;
  /** Whether it has alternative names of any kind. */
  readonly hasNames: boolean;
}

/**
 * Whether every authority of a path may certify the names of all that is below it.
 *
 * @param path the leaf first
 * @throws SignatureError `LimitExceeded`
 */
export function areNamesAllowed(path: readonly Named[], budget: ComparisonBudget): boolean {
  return path.every(({ nameConstraints }, index) => {
    if (nameConstraints === undefined) return true;
    return path.slice(0, index).every((named) => !named.hasNames || isAllowed(named, nameConstraints, budget));
  });
}

/** Also a name of a kind that is not restricted has to be readable, as Go has it. */
function isAllowed(
  names: AlternativeNames,
  { permitted, excluded }: NameConstraints,
  budget: ComparisonBudget,
): boolean {
  const rules = [permitted, excluded] as const;
  const isWithin = <T, C>(name: T, toList: (trees: Subtrees) => readonly C[], matches: Matches<T, C>): boolean => {
    const [within, without] = rules.map(toList);
    const isPermitted = within?.length === 0 || within?.some((one) => matches(one, name, 'permitted', budget));
    return isPermitted === true && !without?.some((one) => matches(one, name, 'excluded', budget));
  };
  return (
    names.addresses.every((address) => isWithin(address, ({ networks }) => networks, containsAddress)) &&
    names.hostnames.every((name) => isDomain(name) && isWithin(name, ({ domains }) => domains, containsDomain)) &&
    names.uriHosts.every(
      (host) => host !== undefined && isWithin(host, ({ uriDomains }) => uriDomains, containsDomain),
    ) &&
    names.emails.every((email) => {
      const mailbox = parseMailbox(email);
      return mailbox !== undefined && isWithin(mailbox, toMailRules, containsMailbox);
    })
  );
}

type Matches<T, C> = (rule: C, name: T, use: 'permitted' | 'excluded', budget: ComparisonBudget) => boolean;

function toMailRules({ mailboxes, mailDomains }: Subtrees): readonly (Mailbox | string)[] {
  return [...mailboxes, ...mailDomains];
}

function containsMailbox(
  ...[rule, { local, domain }, use, budget]: Parameters<Matches<Mailbox, Mailbox | string>>
): boolean {
  if (typeof rule === 'string') return containsDomain(rule, domain, use, budget);
  spend(budget, domain.length);
  return rule.local === local && rule.domain === domain.toLowerCase();
}

/**
 * A rule with a dot in front is for what is below that domain, any other one also for the domain itself. Where it
 * excludes, a name that stands for many (`*.example.com`) is excluded with any of them.
 */
function containsDomain(...[rule, untrustedName, use, budget]: Parameters<Matches<string, string>>): boolean {
  spend(budget, rule.length + untrustedName.length);
  const name = untrustedName.toLowerCase();
  if (rule === '' || name === rule || name.endsWith(rule.startsWith('.') ? rule : `.${rule}`)) return true;
  return use === 'excluded' && name.startsWith('*') && rule.includes('.') && fromFirstDot(name) === fromFirstDot(rule);
}

function fromFirstDot(name: string): string {
  return name.slice(name.indexOf('.'));
}

const MAPPED_PREFIX = Buffer.from('00000000000000000000ffff', 'hex');

/**
 * Go does not always find a network that is written with bits of a host in it, and takes an IPv4 address in IPv6 form for
 * one of neither kind. Here neither is ever permitted, and both are excluded by what contains them.
 */
function containsAddress(...[{ address, mask }, name, use, budget]: Parameters<Matches<Buffer, Network>>): boolean {
  spend(budget, name.length);
  const isPlain = address.every((octet, index) => (octet & ~(mask[index] ?? 0)) === 0);
  const isOdd = !isPlain || isMapped(name) || isMapped(address);
  if (isOdd && use === 'permitted') return false;
  const octets = isMapped(name) && address.length === 4 ? name.subarray(MAPPED_PREFIX.length) : name;
  if (address.length !== octets.length) return false;
  return octets.every((octet, index) => ((octet ^ (address[index] ?? 0)) & (mask[index] ?? 0)) === 0);
}

function isMapped(address: Buffer): boolean {
  return address.length === 16 && address.subarray(0, MAPPED_PREFIX.length).equals(MAPPED_PREFIX);
}

function spend(budget: ComparisonBudget, characters: number): void {
  budget.left -= characters;
  if (budget.left >= 0) return;
  const limit = `comparing names of certificates takes more than ${MAX_COMPARED_CHARACTERS} characters`;
  throw new SignatureError('LimitExceeded', limit);
}
