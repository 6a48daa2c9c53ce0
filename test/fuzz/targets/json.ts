import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import type { Draw } from '../draw.ts';
import { mutateBytes } from '../mutate/bytes.ts';
import { mutateTree, toTree } from '../mutate/json-tree.ts';
import { mutateNestedText } from '../mutate/nested-text.ts';
import { writeTree } from '../mutate/write-tree.ts';
import { readSeeds } from '../seeds/read-seeds.ts';
import { type FuzzTarget, GENUINE, type OpenTarget, type Outcome, REFUSED } from '../target.ts';
import { JSON_READERS } from './json-readers.ts';
import { makePolicies } from './policy-texts.ts';

const TRUST = path.join(import.meta.dirname, '../../fixtures/releases/trust');
const HEX = 'a1'.repeat(32);
const DIGEST = `sha256:${HEX}`;
const OCI = 'application/vnd.oci.image';
const descriptor = { mediaType: `${OCI}.manifest.v1+json`, digest: DIGEST, size: 300 };
const platform = { architecture: 'arm64', os: 'linux', variant: 'v8' };
const layer = {
  mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
  digest: DIGEST,
  size: 250,
  annotations: { 'dev.cosignproject.cosign/signature': 'MEUCIQ==' },
};
const image = { name: 'registry.example.com/product/release' };

/** A document of each kind that a reader knows. */
const DOCUMENTS: readonly unknown[] = [
  {
    critical: {
      image: { 'docker-manifest-digest': DIGEST },
      type: 'atomic container signature',
      identity: { 'docker-reference': `${image.name}:1` },
    },
    optional: { creator: 'fuzz', timestamp: 1_700_000_000 },
  },
  {
    critical: {
      identity: { 'docker-reference': image.name },
      image: { 'docker-manifest-digest': DIGEST },
      type: 'cosign container image signature',
    },
    optional: null,
  },
  {
    schemaVersion: 2,
    mediaType: `${OCI}.index.v1+json`,
    manifests: [
      { ...descriptor, platform },
      { ...descriptor, artifactType: 'a/b' },
    ],
  },
  {
    schemaVersion: 2,
    mediaType: `${OCI}.manifest.v1+json`,
    config: { ...descriptor, mediaType: `${OCI}.config.v1+json` },
    layers: [layer],
  },
  { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [DIGEST] }, history: [] },
  {
    kind: 'ImageStream',
    apiVersion: 'image.openshift.io/v1',
    metadata: { name: '4.20.1' },
    spec: { tags: [{ name: 'cli', from: { kind: 'DockerImage', name: `${image.name}@${DIGEST}` } }] },
  },
  {
    nodes: [
      {
        version: '4.20.1',
        payload: `${image.name}@${DIGEST}`,
        metadata: { 'io.openshift.upgrades.graph.release.channels': 'stable-4.20' },
      },
    ],
    edges: [[0, 0]],
  },
  {
    schema: 'olm.bundle',
    name: 'a.v1',
    image: `${image.name}@${DIGEST}`,
    relatedImages: [{ name: 'a', image: `${image.name}@${DIGEST}` }],
  },
  { auths: { 'quay.io': { auth: 'dXNlcjpwYXNz' }, 'quay.io/a': { identitytoken: 'abc' } } },
  {
    SignedEntryTimestamp: 'MEUCIQ==',
    Payload: { body: 'e30=', integratedTime: 1_780_000_000, logIndex: 7, logID: 'c0d2' },
  },
  { body: 'e30=', integratedTime: 1_780_000_000, logIndex: 7, logID: 'c0d2' },
  {
    apiVersion: 'config.openshift.io/v1',
    kind: 'ClusterImagePolicy',
    metadata: { name: 'a' },
    spec: {
      scopes: ['registry.example.com/product', '*.example.com'],
      policy: {
        rootOfTrust: { policyType: 'PublicKey', publicKey: { keyData: '' } },
        signedIdentity: { matchPolicy: 'MatchRepository' },
      },
    },
  },
  {
    docker: { 'registry.example.com': { lookaside: 'https://example.com/sig', 'use-sigstore-attachments': true } },
    'default-docker': { sigstore: 'file:///a' },
  },
  {
    apiVersion: 'v1',
    kind: 'List',
    items: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { a: 'b' } }],
  },
];
const YAML_PARTS = [
  '&a ',
  '*a',
  '<<: *a\n',
  '!!binary ',
  '!!set ',
  '? ',
  '- ',
  '---\n',
  '...\n',
  '%YAML 1.1\n',
  '|\n',
  '>-\n',
  '"',
  "'",
  '#',
  '\t',
  ': ',
  '{',
  '}',
  '[',
  ']',
  '~',
  '0o17',
  '.inf',
  'yes',
  '1_000',
  '\u2028',
  '\ufeff',
  'a: b\n',
];

/** Documents of every kind: strict JSON, canonical JSON, YAML, manifests, payloads. The first octet names the reader. */
export function createJson(): FuzzTarget {
  return {
    name: 'json',
    summary: 'strict JSON, canonical JSON, YAML and JSON documents, manifests, payloads, graphs',
    open: async () => openJson(),
  };
}

function openJson(): OpenTarget {
  const policies = readSeeds('policies');
  const { sigstoreKeys } = policies;
  const values = [...DOCUMENTS, ...makePolicies(policies)];
  const trees = values.map((value) =>
    toTree(
      JSON.parse(
        JSON.stringify(value).replace(
          '"keyData":""',
          `"keyData":"${Buffer.from(sigstoreKeys.good).toString('base64')}"`,
        ),
      ),
    ),
  );
  const texts = values.map((value) => Buffer.from(JSON.stringify(value)));
  const yaml = [
    ...values.map((value) => Buffer.from(stringify(value))),
    ...readdirSync(TRUST, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => readFileSync(path.join(TRUST, name))),
  ];

  const make = (draw: Draw): Uint8Array => {
    const reader = draw.below(JSON_READERS.length);
    const head = Buffer.from([reader]);
    const isYaml = JSON_READERS[reader]?.name.startsWith('YAML') === true;
    if (isYaml && !draw.once(4)) return Buffer.concat([head, mutateYaml(draw, draw.pick(yaml))]);
    if (draw.once(8)) return Buffer.concat([head, mutateBytes(draw, draw.pick(texts), texts)]);
    let tree = draw.pick(trees);
    for (let edits = draw.below(3); edits > 0; edits--) tree = mutateTree(draw, tree, trees, mutateNestedText);
    return Buffer.concat([head, Buffer.from(writeTree(draw, tree))]);
  };
  const mutateYaml = (draw: Draw, seed: Buffer): Buffer => {
    if (draw.once(3)) return mutateBytes(draw, seed, yaml);
    let text = seed;
    for (let edits = 1 + draw.below(4); edits > 0; edits--) {
      const at = draw.below(text.length + 1);
      text = Buffer.concat([text.subarray(0, at), Buffer.from(draw.pick(YAML_PARTS)), text.subarray(at)]);
    }
    return text;
  };
  return { make, check };
}

function check(input: Uint8Array): Outcome {
  const reader = JSON_READERS[(input[0] ?? 0) % JSON_READERS.length];
  if (reader === undefined) return REFUSED;
  const bytes = input.subarray(1);
  const text = Buffer.from(bytes).toString();
  try {
    const fault = reader.read(bytes, text);
    return fault === undefined
      ? GENUINE
      : { kind: 'wrong accept', detail: `${reader.name}, ${fault}: ${text.slice(0, 300)}` };
  } catch (error) {
    if (reader.declared.some((kind) => error instanceof kind)) return REFUSED;
    throw error;
  }
}
