import { addBundle } from '../bundle/index.ts';
import { addCatalog } from '../catalog/index.ts';
import { addCheck } from '../check/index.ts';
import { addChecksums } from '../checksums/index.ts';
import { addCompletion } from '../completion/index.ts';
import { addDlq } from '../dlq/index.ts';
import { addExplain } from '../explain/index.ts';
import { addFleet } from '../fleet/index.ts';
import { addGraph } from '../graph/index.ts';
import { addImage } from '../image/index.ts';
import { addInstaller } from '../installer/index.ts';
import { addMirror } from '../mirror/index.ts';
import { addRecord } from '../record/index.ts';
import { addRelease } from '../release/index.ts';
import { addRender } from '../render/index.ts';
import { addReport } from '../report/index.ts';
import { addRollout } from '../rollout/index.ts';
import { addSignature } from '../signature/index.ts';
import { addTrust } from '../trust/index.ts';
import { addVerify } from '../verify/index.ts';
import type { AddCommand } from './run-program.ts';

/** What may follow `signet`, as help lists it. Each is in the folder of its name. */
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
