import { decodeText, readObjects } from '../../base/documents/read-objects.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { checkCluster, toOutcome } from './check-cluster.ts';
import { type ClusterFile, NOT_READ, parseClusterObjects } from './parse-cluster-objects.ts';
import { listFleet, readClusterFiles } from './read-fleet-directory.ts';
import type { FleetSurvey, SurveyedCluster, SurveyPolicy } from './survey.ts';

/**
 * Surveys what enforcing the policy would change for each cluster of a fleet, from exported objects. One cluster is in
 * memory at a time. In a folder, a file that cannot be read leaves its cluster unknown; one that was named alone is a wrong
 * call.
 *
 * @throws InputError `FileUnreadable`, `ArgumentInvalid`, `BodyInvalid`
 */
export async function surveyFleet(directory: string, policy: SurveyPolicy): Promise<FleetSurvey> {
  const clusters: SurveyedCluster[] = [];
  const { folders, passedOver, isFile } = await listFleet(directory);
  for (const folder of folders) {
    const files = await readClusterFiles(folder);
    if (isFile) requireWhole(directory, files);
    clusters.push(checkCluster(parseClusterObjects(folder.cluster, files), policy));
  }
  const outcomes = [...clusters.map(({ outcome }) => outcome), ...passedOver.map(() => 'unknown' as const)];
  return {
    outcome: toOutcome(outcomes),
    profile: policy.profile,
    canonicalRepositories: policy.canonicalRepositories,
    clusters,
    passedOver: passedOver.map((file) => ({ file, reason: NOT_READ })),
  };
}

/** The one file that was named has to be an export, whole: half of it would be another cluster. @throws InputError */
function requireWhole(named: string, files: readonly ClusterFile[]): void {
  let objects = 0;
  for (const { name, contents } of files) {
    if (contents instanceof InputError) throw contents;
    if (contents === 'not read') throw new InputError('FileUnreadable', `${name}: ${NOT_READ}`);
    objects += countObjects(name, contents);
  }
  if (objects === 0) throw new InputError('BodyInvalid', `${named}: there is no object in it; export it again`);
}

function countObjects(name: string, contents: Uint8Array): number {
  try {
    return [...readObjects(name, decodeText(name, contents))].length;
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    throw new InputError('BodyInvalid', `${cause.message}; export it again`, { cause });
  }
}
