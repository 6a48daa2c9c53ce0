import type { AddCommand } from '../program.ts';
import { addBundle } from './bundle.ts';
import { addCatalog } from './catalog.ts';
import { addCheck } from './check.ts';
import { addChecksums } from './checksums.ts';
import { addCompletion } from './completion.ts';
import { addDlq } from './dlq.ts';
import { addExplain } from './explain.ts';
import { addFleet } from './fleet.ts';
import { addGraph } from './graph.ts';
import { addImage } from './image.ts';
import { addInstaller } from './installer.ts';
import { addMirror } from './mirror.ts';
import { addRecord } from './record.ts';
import { addRelease } from './release.ts';
import { addRender } from './render.ts';
import { addReport } from './report.ts';
import { addRollout } from './rollout.ts';
import { addSignature } from './signature.ts';
import { addTrust } from './trust.ts';
import { addVerify } from './verify.ts';

/** What may follow `signet`, as help lists it. Each is in the file of its name. */
export const NOUNS: Readonly<Record<string, AddCommand>> = {
  verify: addVerify,
  check: addCheck,
  signature: addSignature,
  checksums: addChecksums,
  installer: addInstaller,
  explain: addExplain,
  fleet: addFleet,
  release: addRelease,
  report: addReport,
  image: addImage,
  catalog: addCatalog,
  rollout: addRollout,
  record: addRecord,
  trust: addTrust,
  mirror: addMirror,
  graph: addGraph,
  render: addRender,
  bundle: addBundle,
  dlq: addDlq,
  completion: addCompletion,
};
