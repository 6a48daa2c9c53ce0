import { isDeepStrictEqual } from 'node:util';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { decodeReplacing } from '../../crypto/json-reader.ts';
import { parseTrustFile } from '../../trust/documents/parse-trust-file.ts';
import type { ClusterImagePolicy } from '../../trust/policy/cluster-image-policy.ts';
import { findOpenScopes } from '../../trust/policy/image-policy.ts';
import { parsePolicyJson } from '../../trust/policy/parse-policy-json.ts';
import { readRegistriesD } from '../../trust/registries-d/read-registries-d.ts';
import { toGeneratedName } from '../render/machine-config/machine-config.ts';
import { judgeElsewhere, type NodeContents } from './check-nodes.ts';
import { checkPool } from './check-pool.ts';
import { toNodeFiles } from './merge-machine-configs.ts';
import { findOtherPlaces, judgeOtherPlaces } from './other-places.ts';
import type { KnownMachineConfig, PoolState } from './pool-state.ts';
import { type Finding, finding } from './rollout.ts';

/** What the machine-config operator writes image policies to (`pkg/controller/container-runtime-config`). */
const POLICY = '/etc/containers/policy.json';
const REGISTRIES = '/etc/containers/registries.d/sigstore-registries.yaml';

/** Where the policies in MachineConfigs ask for nothing within a scope that asks: whoever wrote it may not know. */
export function warnOfOpenScopes(expected: readonly KnownMachineConfig[]): readonly string[] {
  const warnings = expected.flatMap(({ name, files }) =>
    [...files.keys()].filter(isPolicyFile).flatMap((file) => {
      const policy = read(file, files, (text) => parsePolicyJson(file, text));
      // What nodes cannot read is what rendering refuses.
      if (typeof policy === 'string') return [];
      return findOpenScopes(policy).map(
        ({ scope, within: [wider = ''] }) =>
          `${name}: ${file}: ${scope} accepts anything, although ${wider} does not: nodes ask for no signature there`,
      );
    }),
  );
  return [...new Set(warnings)];
}

function isPolicyFile(file: string): boolean {
  return file === POLICY || /^\/etc\/crio\/policies\/[^/]+\.json$/.test(file);
}

type NodeFiles = ReadonlyMap<string, Uint8Array | { readonly link: string } | undefined>;

/** The files of a node that hold image policies. */
export function listPolicyFiles(policies: readonly ClusterImagePolicy[]): readonly string[] {
  return [...new Set([...policies.map(toPolicyFile), REGISTRIES])].toSorted();
}

/** An ImagePolicy is written for the pods of its namespace alone. */
function toPolicyFile({ kind, namespace }: ClusterImagePolicy): string {
  return kind === 'ClusterImagePolicy' ? POLICY : `/etc/crio/policies/${namespace ?? ''}.json`;
}

/** Checks what a pool shows about image policies, which the cluster itself writes into a MachineConfig of the pool. */
export function checkPolicyPool(
  pool: PoolState,
  policies: readonly ClusterImagePolicy[],
  machineConfigs: readonly KnownMachineConfig[],
): readonly Finding[] {
  const generated: KnownMachineConfig = {
    name: toGeneratedName(pool.name),
    origin: '',
    labels: {},
    files: new Map(),
    units: new Map(),
  };
  const shown = checkPool(pool, [generated], machineConfigs).filter(({ check }) => check !== 'owner');
  const name = pool.wanted?.name ?? pool.current?.name;
  const rendered = machineConfigs.find((one) => one.name === name);
  if (rendered === undefined) {
    const message = 'the rendered MachineConfig is not shown: add the output of oc get mcp,mc -o yaml';
    return [...shown, finding('owner', 'unknown', message)];
  }
  const faults = findMissing(policies, rendered.files);
  if (faults.length > 0) return [...shown, finding('owner', 'no', `${rendered.name} lacks what was expected`, faults)];
  const elsewhere = findOtherPlaces(toExpected(policies, rendered.files), toNodeFiles([rendered]));
  const held = finding('owner', 'yes', `${rendered.name} holds every policy`);
  return [...shown, judgeOtherPlaces('owner', elsewhere) ?? held];
}

/** Compares the files of a pool's nodes with image policies. */
export function checkPolicyNodes(
  { machines: { total } }: PoolState,
  policies: readonly ClusterImagePolicy[],
  contents: readonly NodeContents[],
): Finding {
  const count = `${contents.length} of ${total ?? 'unknown'} nodes`;
  const faults = contents.flatMap(({ node, files }) =>
    findMissing(policies, files).map((fault) => `${node}: ${fault}`),
  );
  if (faults.length > 0) return finding('nodes', 'no', `nodes lack what was expected; ${count} checked`, faults);
  const elsewhere = judgeElsewhere(contents, (one) => toExpected(policies, one.files), count);
  if (elsewhere !== undefined) return elsewhere;
  if (contents.length === 0 && total !== 0) {
    return finding('nodes', 'unknown', 'no files of a node of this pool were given');
  }
  return finding('nodes', 'yes', `the files of ${count} hold every policy`);
}

/** The files that hold the policies, as they were found. */
function toExpected(
  policies: readonly ClusterImagePolicy[],
  files: NodeFiles,
): ReadonlyMap<string, Uint8Array | undefined> {
  return new Map(
    listPolicyFiles(policies).map((file) => {
      const bytes = files.get(file);
      return [file, bytes instanceof Uint8Array ? bytes : undefined];
    }),
  );
}

/**
 * What files lack of image policies: each scope needs its requirement, no narrower one that asks for nothing, and to be told
 * that signatures are attached.
 */
function findMissing(policies: readonly ClusterImagePolicy[], files: NodeFiles): readonly string[] {
  return policies.flatMap((policy) => {
    const file = toPolicyFile(policy);
    const what = `${policy.kind} ${policy.name}`;
    const held = read(file, files, (text) => parsePolicyJson(file, text));
    const sections = read(REGISTRIES, files, (text) => {
      const [document] = parseTrustFile({ name: REGISTRIES, bytes: Buffer.from(text) });
      return readRegistriesD([{ document: REGISTRIES, content: document?.content ?? {} }]).docker;
    });
    const unread = [held, sections].filter((one) => typeof one === 'string');
    if (typeof held === 'string' || typeof sections === 'string') return unread.map((fault) => `${what}: ${fault}`);
    return policy.scopes.flatMap((scope) => {
      const requirements = held.transports.get('docker')?.get(scope) ?? [];
      const isRequired = requirements.some((one) => isDeepStrictEqual(one, policy.requirement));
      if (!isRequired) return [`${file}: ${scope} does not require what ${what} says`];
      const open = findOpenScopes(held).filter(({ within }) => within.includes(scope));
      const isLookedFor = sections.get(scope)?.useSigstoreAttachments === true;
      return [
        ...(isLookedFor ? [] : [`${REGISTRIES}: ${scope} does not say use-sigstore-attachments: true`]),
        ...open.map(
          (one) => `${file}: ${one.scope} within ${scope} accepts anything: nodes ask for no signature there`,
        ),
      ];
    });
  });
}

/** What a file holds, or why that is not known. */
function read<T>(file: string, files: NodeFiles, parse: (text: string) => T): T | string {
  const bytes = files.get(file);
  if (bytes === undefined) return `${file} is missing`;
  if (!(bytes instanceof Uint8Array)) return `${file} is a symbolic link that cannot be resolved: copy the file itself`;
  try {
    return parse(decodeReplacing(bytes));
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return `${file} cannot be read: ${error.message}`;
  }
}
