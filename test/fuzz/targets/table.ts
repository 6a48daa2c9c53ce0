import type { FuzzTarget } from '../target.ts';
import { createBundles } from './bundles.ts';
import { createCertificates } from './certificates.ts';
import { createDocuments } from './documents.ts';
import { createHttp } from './http.ts';
import { createJson } from './json.ts';
import { createPolicies } from './policies.ts';
import { createReferences } from './references.ts';
import { createSignatures } from './signatures.ts';
import { createSigstore } from './sigstore.ts';

/** Every target, in the order in which all are run. */
export const TARGETS: readonly FuzzTarget[] = [
  createSignatures(),
  createDocuments(),
  createCertificates(),
  createSigstore(),
  createBundles(),
  createPolicies(),
  createReferences(),
  createJson(),
  createHttp(),
];

/** @throws RangeError for a name that no target has */
export function readTarget(name: string): FuzzTarget {
  const target = TARGETS.find((one) => one.name === name);
  if (target !== undefined) return target;
  const known = TARGETS.map((one) => one.name).join(', ');
  throw new RangeError(`no fuzz target ${JSON.stringify(name)}; there are ${known}`);
}
