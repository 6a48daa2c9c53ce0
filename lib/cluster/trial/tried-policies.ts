import { isDeepStrictEqual } from 'node:util';
import { InputError } from '../../base/errors/input-error.ts';
import { parseTrustFile } from '../../trust/documents/parse-trust-file.ts';
import { recogniseDocument } from '../../trust/documents/recognise-document.ts';
import {
  type ClusterImagePolicy,
  isLeftOut,
  mergeForNamespace,
  type RequiredPolicy,
} from '../../trust/policy/cluster-image-policy.ts';
import { type ImagePolicy, listEnclosingScopes } from '../../trust/policy/image-policy.ts';
import type { PolicyRequirement } from '../../trust/policy/policy-requirement.ts';
import type { TrustDocument } from '../../trust/prepared/trust-document.ts';
import { parseNodePolicy } from '../render/machine-config/machine-config-sources.ts';

/** An image policy of an object, with where it was read. */
export interface ReadPolicy extends RequiredPolicy {
  readonly document: string;
}

/** What is tried: a node's whole policy.json, or objects from which a cluster writes it. */
export type TriedPolicies =
  | { readonly kind: 'policy.json'; readonly document: TrustDocument; readonly policy: ImagePolicy }
  | { readonly kind: 'objects'; readonly policies: readonly ReadPolicy[] };

export interface ReadTried {
  readonly tried: TriedPolicies;
  readonly warnings: readonly string[];
}

/**
 * Reads the files of `--policy`: one policy.json, or ClusterImagePolicies and ImagePolicies.
 *
 * @throws InputError, ConfigurationError for anything else, with its file
 */
export function readTriedPolicies(files: readonly TrustDocument[]): ReadTried {
  const policies: ReadPolicy[] = [];
  const warnings: string[] = [];
  let file: Extract<TriedPolicies, { kind: 'policy.json' }> | undefined;
  for (const document of files) {
    for (const source of parseTrustFile(document)) {
      const read = recogniseDocument(source);
      if (read.kind === 'ImagePolicy') {
        warnings.push(...read.warnings);
        policies.push(toReadPolicy(read.parsed, document.name));
      } else if (read.kind === 'policy.json') {
        if (file !== undefined) throw invalid(`${file.document.name}, ${document.name}: a node has one policy.json`);
        warnings.push(...read.warnings);
        file = { kind: 'policy.json', document, policy: read.parsed };
      } else {
        const { kind } = source.content;
        // A node names what a policy.json lacks.
        if (kind === undefined) parseNodePolicy(document);
        const what = typeof kind === 'string' ? `a ${kind}` : 'something';
        const expected = 'a ClusterImagePolicy, an ImagePolicy or a policy.json';
        throw invalid(`${document.name}:${source.lineOf([])}: ${what} was found, expected ${expected}`);
      }
    }
  }
  const [first] = policies;
  if (file !== undefined && first !== undefined) {
    const why = 'a cluster writes policy.json from such objects: try one or the other';
    throw invalid(`${file.document.name} is a policy.json, and ${first.document} holds a ${first.policy.kind}: ${why}`);
  }
  if (file === undefined && first === undefined) {
    throw invalid(`${files.map(({ name }) => name).join(', ')}: there is no image policy in it`);
  }
  return { tried: file ?? { kind: 'objects', policies: withoutCopies(policies) }, warnings };
}

/** @throws InputError for an ImagePolicy that names no namespace */
export function toReadPolicy(policy: ClusterImagePolicy, document: string): ReadPolicy {
  if (policy.kind === 'ImagePolicy' && policy.namespace === undefined) {
    throw invalid(`${document}: ImagePolicy ${policy.name} names no namespace, and counts in one alone`);
  }
  return { policy, requirement: policy.requirement, document };
}

/** `ImagePolicy shop/signed` */
export function toPolicyName({ kind, namespace, name }: ClusterImagePolicy): string {
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

/** Each policy once. @throws InputError for two of one name that differ */
export function withoutCopies(policies: readonly ReadPolicy[]): readonly ReadPolicy[] {
  return policies.filter(({ policy, document }, index) => {
    const first = policies.find((other) => toPolicyName(other.policy) === toPolicyName(policy));
    if (first === undefined || first === policies[index]) return true;
    if (isDeepStrictEqual(first.policy, policy)) return false;
    throw invalid(`${first.document}, ${document}: there are two different policies ${toPolicyName(policy)}`);
  });
}

/** A scope of an ImagePolicy that nodes leave out, and the cluster's that counts in its place. */
export interface Overlap {
  readonly policy: string;
  readonly scope: string;
  readonly counts: string;
  readonly countedScope: string;
}

/** The policies of a cluster with those that are tried: what each namespace would have. */
export interface NodePolicies {
  /** What nodes would read for pods of a namespace, or for what belongs to none. */
  readonly policyFor: (namespace: string | undefined) => ImagePolicy;
  /** The object that a requirement comes from, and whether it is tried; undefined for one of a policy.json. */
  readonly originOf: (
    requirement: PolicyRequirement,
  ) => { readonly name: string; readonly isTried: boolean } | undefined;
  readonly overlaps: readonly Overlap[];
}

/** Tried objects replace those of the same name. A policy.json is the whole of a node's, but for namespaces of their own. */
export function toNodePolicies(tried: TriedPolicies, existing: readonly ReadPolicy[]): NodePolicies {
  const named = tried.kind === 'objects' ? tried.policies : [];
  const names = new Set(named.map(({ policy }) => toPolicyName(policy)));
  const kept = existing.filter(({ policy }) => !names.has(toPolicyName(policy)));
  const all = [...kept, ...named];
  const origins = new Map<PolicyRequirement, { readonly name: string; readonly isTried: boolean }>(
    all.map(({ policy, requirement }) => [
      requirement,
      { name: toPolicyName(policy), isTried: names.has(toPolicyName(policy)) },
    ]),
  );
  const merged = new Map<string | undefined, ImagePolicy>();
  const policyFor = (namespace: string | undefined): ImagePolicy => {
    const known = merged.get(namespace) ?? merge(tried, all, namespace);
    merged.set(namespace, known);
    return known;
  };
  return { policyFor, originOf: (requirement) => origins.get(requirement), overlaps: findOverlaps(all) };
}

function merge(tried: TriedPolicies, all: readonly ReadPolicy[], namespace: string | undefined): ImagePolicy {
  if (tried.kind === 'objects') return mergeForNamespace(all, namespace);
  // A cluster writes the file of a namespace from its objects alone, and only where one of its scopes counts.
  const cluster = toScopes(all);
  const isOwn = all.some(
    ({ policy }) =>
      policy.namespace === namespace &&
      namespace !== undefined &&
      policy.scopes.some((scope) => !isLeftOut(scope, cluster)),
  );
  return isOwn ? mergeForNamespace(all, namespace) : tried.policy;
}

function toScopes(policies: readonly ReadPolicy[]): ReadonlyMap<string, ClusterImagePolicy> {
  const cluster = policies.filter(({ policy }) => policy.kind === 'ClusterImagePolicy');
  return new Map(cluster.flatMap(({ policy }) => policy.scopes.map((scope) => [scope, policy] as const)));
}

function findOverlaps(policies: readonly ReadPolicy[]): readonly Overlap[] {
  const cluster = toScopes(policies);
  return policies
    .filter(({ policy }) => policy.kind === 'ImagePolicy')
    .flatMap(({ policy }) =>
      policy.scopes
        .filter((scope) => isLeftOut(scope, cluster))
        .flatMap((scope) => {
          const countedScope = listEnclosingScopes(scope).find((outer) => cluster.has(outer));
          const counted = countedScope === undefined ? undefined : cluster.get(countedScope);
          if (countedScope === undefined || counted === undefined) return [];
          return [{ policy: toPolicyName(policy), scope, counts: toPolicyName(counted), countedScope }];
        }),
    );
}

function invalid(message: string): InputError {
  return new InputError('FileUnreadable', message);
}
