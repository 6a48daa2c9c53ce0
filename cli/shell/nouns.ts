import type { AddCommand } from './run-program.ts';

/** What may follow `signet`, as help lists it. Each is in the folder of its name, and loaded when it is called. */
export const NOUNS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  verify: async () => (await import('../verify/index.ts')).addVerify,
  check: async () => (await import('../check/index.ts')).addCheck,
  signature: async () => (await import('../signature/index.ts')).addSignature,
  sigstore: async () => (await import('../sigstore/index.ts')).addSigstore,
  checksums: async () => (await import('../checksums/index.ts')).addChecksums,
  sopv: async () => (await import('../sopv/index.ts')).addSopv,
  installer: async () => (await import('../installer/index.ts')).addInstaller,
  explain: async () => (await import('../explain/index.ts')).addExplain,
  fleet: async () => (await import('../fleet/index.ts')).addFleet,
  release: async () => (await import('../release/index.ts')).addRelease,
  report: async () => (await import('../report/index.ts')).addReport,
  image: async () => (await import('../image/index.ts')).addImage,
  policy: async () => (await import('../policy/index.ts')).addPolicy,
  catalog: async () => (await import('../catalog/index.ts')).addCatalog,
  rollout: async () => (await import('../rollout/index.ts')).addRollout,
  readiness: async () => (await import('../readiness/index.ts')).addReadiness,
  overview: async () => (await import('../overview/index.ts')).addOverview,
  record: async () => (await import('../record/index.ts')).addRecord,
  trust: async () => (await import('../trust/index.ts')).addTrust,
  mirror: async () => (await import('../mirror/index.ts')).addMirror,
  graph: async () => (await import('../graph/index.ts')).addGraph,
  render: async () => (await import('../render/index.ts')).addRender,
  cluster: async () => (await import('../cluster/index.ts')).addCluster,
  bundle: async () => (await import('../bundle/index.ts')).addBundle,
  dlq: async () => (await import('../dlq/index.ts')).addDlq,
  serve: async () => (await import('../serve/index.ts')).addServe,
  config: async () => (await import('../config/index.ts')).addConfig,
  support: async () => (await import('../support/index.ts')).addSupport,
  version: async () => (await import('../version/index.ts')).addVersion,
  man: async () => (await import('../man/index.ts')).addMan,
  completion: async () => (await import('../completion/index.ts')).addCompletion,
};

/** Commands about all commands. */
const OF_ALL = new Set(['completion', 'man']);

/**
 * The commands of a call.
 *
 * @param word what follows `signet`; all commands for a word that is none, such as an option, and for those that
 *   have to know them
 */
export async function loadNouns(word?: string): Promise<readonly AddCommand[]> {
  const named = word !== undefined && !OF_ALL.has(word) && Object.hasOwn(NOUNS, word) ? NOUNS[word] : undefined;
  const chosen = named === undefined ? Object.values(NOUNS) : [named];
  return await Promise.all(chosen.map((load) => load()));
}
