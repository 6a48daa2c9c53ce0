import type { Effort } from './effort.ts';
import type { Row } from './row.ts';

type Measure = (effort: Effort) => Promise<readonly Row[]>;

/** What there is to measure, in this order; each is loaded when it runs. */
export const SECTIONS: ReadonlyMap<string, Measure> = new Map<string, Measure>([
  ['verification', async (effort) => (await import('./rows/verification.ts')).measureVerification(effort)],
  ['stages', async (effort) => (await import('./rows/stages.ts')).measureStages(effort)],
  ['cosign', async (effort) => (await import('./rows/cosign.ts')).measureCosign(effort)],
  ['sigstore-bundle', async (effort) => (await import('./rows/sigstore-bundle.ts')).measureSigstoreBundle(effort)],
  ['process', async (effort) => (await import('./rows/process.ts')).measureProcess(effort)],
  ['start', async (effort) => (await import('./rows/start.ts')).measureStart(effort)],
  ['service', async (effort) => (await import('./rows/service.ts')).measureService(effort)],
  ['page', async (effort) => (await import('./rows/page.ts')).measurePage(effort)],
  ['admission', async () => (await import('./rows/admission.ts')).measureAdmission()],
  ['mirror-check', async () => (await import('./rows/mirror-check.ts')).measureMirrorCheck()],
  ['verify-many', async (effort) => (await import('./rows/verify-many.ts')).measureVerifyMany(effort)],
  ['catalog', async (effort) => (await import('./rows/catalog.ts')).measureCatalog(effort)],
  ['decisions', async (effort) => (await import('./rows/decisions.ts')).measureDecisions(effort)],
  ['sweep', async (effort) => (await import('./rows/sweep.ts')).measureSweep(SWEPT[effort])],
  ['sizes', async () => (await import('./rows/sizes.ts')).measureSizes()],
  ['checksums', async () => (await import('./rows/checksums.ts')).measureChecksums()],
  ['doubling', async (effort) => (await import('./rows/doubling.ts')).measureDoubling(effort)],
  ['mirror', async (effort) => (await import('./rows/mirror.ts')).measureMirror(MIRROR_SIZES[effort])],
  ['mirror-s3', async (effort) => (await import('./rows/mirror-s3.ts')).measureMirrorIntoS3(MIRRORED[effort])],
  ['bundle', async (effort) => (await import('./rows/bundle.ts')).measureBundles(BUNDLED[effort])],
  ['sweep-million', async () => (await import('./rows/sweep.ts')).measureSweep(1_000_000)],
  ['npm-test', async () => (await import('./rows/npm-test.ts')).measureNpmTest()],
]);

/** What takes many minutes alone: measured where it is named, and in no whole run. */
export const ON_REQUEST: ReadonlySet<string> = new Set(['sweep-million', 'npm-test']);

const SWEPT = { full: 40_000, quick: 2000 } as const;
const MIRROR_SIZES = {
  full: { digests: 10_000, large: 50_000 },
  quick: { digests: 500, large: 1000 },
} as const;
const MIRRORED = { full: 2000, quick: 200 } as const;
const BUNDLED = { full: 9000, quick: 200 } as const;
