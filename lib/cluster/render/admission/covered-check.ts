import { toScopeName } from '../../../trust/policy/image-policy.ts';
import type { ConfiguredImagePolicy, PreparedTrust } from '../../../trust/prepared/prepared-trust.ts';
import { DIGEST, escapePattern, quote, TAG, toMatch } from './match-conditions.ts';

/** A scope that nodes compare with an image by digest, and whether it asks for a signature of it. */
interface AskingScope {
  readonly scope: string;
  readonly isAsking: boolean;
}

/** What may follow a scope that is not a repository. */
const REST = '(/[a-z0-9._/-]{1,255})?';

/**
 * A check in CEL that an image is by digest, in what an image policy asks signatures of. As on nodes, the most specific
 * scope of a policy counts. Nothing is covered of a profile that asks for OpenPGP alone.
 */
export function toCoveredCheck(image: string, profile: Pick<PreparedTrust, 'imagePolicies' | 'require'>): string {
  if (profile.require === 'openpgp') return 'false';
  const policies = Map.groupBy(profile.imagePolicies, ({ kind }) => kind === 'policy.json');
  const ofNodes = (policies.get(true) ?? []).map(({ content }) => listFileScopes(content));
  const ofCluster = (policies.get(false) ?? []).flatMap(listClusterScopes);
  const checks = [...ofNodes, ofCluster].map((scopes) => toPolicyCheck(image, scopes)).filter((one) => one !== 'false');
  return checks.length === 0 ? 'false' : `(${checks.join(' || ')})`;
}

function listClusterScopes({ coverage }: ConfiguredImagePolicy): readonly AskingScope[] {
  return (coverage.kind === 'scopes' ? coverage.scopes : []).map((scope) => ({ scope, isAsking: true }));
}

/** Of a policy.json the scopes alone: its default is for what nothing covers. */
function listFileScopes(content: unknown): readonly AskingScope[] {
  const transports = isRecord(content) ? content['transports'] : undefined;
  const docker = isRecord(transports) ? transports['docker'] : undefined;
  return Object.entries(isRecord(docker) ? docker : {})
    .filter(([scope]) => scope !== '')
    .map(([scope, requirements]) => ({ scope, isAsking: isAsking(requirements) }));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is rejected whatever signs it is not worth a look at signatures. */
function isAsking(requirements: unknown): boolean {
  const types: readonly unknown[] = Array.isArray(requirements)
    ? requirements.map((one: unknown) => (isRecord(one) ? one['type'] : undefined))
    : [];
  const isSigned = (type: unknown): boolean => type === 'signedBy' || type === 'sigstoreSigned';
  return types.some(isSigned) && types.every((type) => isSigned(type) || type === 'insecureAcceptAnything');
}

/** From the most specific scope on; neighbours that say the same are one pattern. */
function toPolicyCheck(image: string, scopes: readonly AskingScope[]): string {
  const groups: { readonly isAsking: boolean; readonly scopes: string[] }[] = [];
  for (const one of scopes.filter(({ scope }) => !isOfTag(scope)).toSorted(compareScopes)) {
    const last = groups.at(-1);
    if (last?.scopes.at(-1) === one.scope) continue;
    if (last?.isAsking === one.isAsking) last.scopes.push(one.scope);
    else groups.push({ isAsking: one.isAsking, scopes: [one.scope] });
  }
  const check = groups.reduceRight((rest, group) => {
    const match = toMatch(image, toPattern(group.scopes));
    if (rest === 'false') return group.isAsking ? match : 'false';
    return group.isAsking ? `(${match} || ${rest})` : `(!${match} && ${rest})`;
  }, 'false');
  return check !== 'false' && scopes.some(({ scope }) => HUB.test(scope))
    ? `(${toFullName(image)} && ${check})`
    : check;
}

/** What is pulled by digest is not compared with it. */
function isOfTag(scope: string): boolean {
  return !scope.includes('@') && toScopeName(scope) !== scope;
}

/** A digest in front, then what is longer, and wildcards behind all. Of one length none is within another. */
function compareScopes(a: AskingScope, b: AskingScope): number {
  const rank = ({ scope }: AskingScope): number => (scope.includes('@') ? 0 : scope.startsWith('*.') ? 2 : 1);
  const byLength = b.scope.length - a.scope.length;
  return rank(a) - rank(b) || byLength || Number(a.isAsking) - Number(b.isAsking) || (a.scope < b.scope ? -1 : 1);
}

function toPattern(scopes: readonly string[]): string {
  const [digests = [], names = []] = [true, false].map((wanted) =>
    scopes.filter((one) => one.includes('@') === wanted),
  );
  const all = names.length === 0 ? [] : [`(${names.map(toNamePattern).join('|')})${TAG}${DIGEST}`];
  const each = digests.map((scope) => {
    const digest = scope.slice(scope.indexOf('@'));
    return `${escapePattern(toScopeName(scope))}${TAG}${escapePattern(digest)}`;
  });
  return `^(${[...all, ...each].join('|')})$`;
}

function toNamePattern(scope: string): string {
  return scope.startsWith('*.')
    ? `[a-z0-9.-]{1,253}${escapePattern(scope.slice(1))}${REST}`
    : `${escapePattern(scope)}${REST}`;
}

/** Scopes that may cover repositories of Docker Hub. */
const HUB = /^(?:docker\.io(?:\/|$)|\*\.io$)/;

/** A repository of Docker Hub by its short name is another one to a pattern than to a node. */
function toFullName(image: string): string {
  const short = quote('^docker[.]io/[^/]*$');
  return `!${image}.matches(${short})`;
}
