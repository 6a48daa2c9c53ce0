import { createHash } from 'node:crypto';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { type Digest, parseDigest } from '../../../lib/base/names/digest.ts';
import { parseGraph, type UpdateGraph } from '../../../lib/mirror/graph/parse-graph.ts';

export const OCP = 'quay.io/openshift-release-dev/ocp-release';
export const OKD = 'quay.io/okd/scos-release';
export const OKD_CI = 'registry.ci.openshift.org/origin/release-scos';

export const CHANNELS = 'io.openshift.upgrades.graph.release.channels';
export const MANIFEST_REF = 'io.openshift.upgrades.graph.release.manifestref';
export const ARCHITECTURE = 'release.openshift.io/architecture';

/** A digest of its own for every name. */
export function digestOf(name: string): Digest {
  return parseDigest(`sha256:${createHash('sha256').update(name).digest('hex')}`);
}

export interface SampleNode {
  readonly version: string;
  readonly payload: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A node as an update service writes it, its digest that of the version unless another is named. */
export function node(version: string, repository = OCP, digest = digestOf(version)): SampleNode {
  const metadata = { url: 'https://errata.example/1', [MANIFEST_REF]: digest, [CHANNELS]: 'stable-4.16,fast-4.16' };
  return { version, payload: `${repository}@${digest}`, metadata };
}

/** The same node with other metadata. */
export function withMetadata(sample: SampleNode, metadata: Readonly<Record<string, string>>): SampleNode {
  return { ...sample, metadata: { ...sample.metadata, ...metadata } };
}

/** The answer of an update service with these nodes, one after the other. */
export function toGraphText(nodes: readonly unknown[]): string {
  const edges = nodes.slice(1).map((_, index) => [index, index + 1]);
  return JSON.stringify({ version: 1, nodes, edges, conditionalEdges: [] });
}

export function parseText(text: string, architecture?: string): UpdateGraph {
  return parseGraph(new TextEncoder().encode(text), { source: 'graph.json', architecture });
}

export function parseSample(nodes: readonly unknown[], architecture?: string): UpdateGraph {
  return parseText(toGraphText(nodes), architecture);
}

/** The class, code and message of what is thrown; anything but an error of ours fails the test. */
export async function failureOf(act: () => unknown): Promise<{ readonly code: string; readonly message: string }> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof InputError || error instanceof StoreError)) throw error;
    return { code: `${error.name} ${error.code}`, message: error.message };
  }
  return { code: 'nothing thrown', message: '' };
}
