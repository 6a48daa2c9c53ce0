import { checkCluster, toOutcome } from './check-cluster.ts';
import { parseClusterObjects } from './parse-cluster-objects.ts';
import { listFleet, readClusterFiles } from './read-fleet-directory.ts';
import type { FleetSurvey, SurveyedCluster, SurveyPolicy } from './survey.ts';

/**
 * Surveys what enforcing the policy would change for each cluster of a fleet, from exported objects. One cluster is in
 * memory at a time.
 *
 * @throws InputError `FileUnreadable`, `ArgumentInvalid`
 */
export async function surveyFleet(directory: string, policy: SurveyPolicy): Promise<FleetSurvey> {
  const clusters: SurveyedCluster[] = [];
  for (const folder of await listFleet(directory)) {
    const objects = parseClusterObjects(folder.cluster, await readClusterFiles(folder));
    clusters.push(checkCluster(objects, policy));
  }
  return {
    outcome: toOutcome(clusters.map(({ outcome }) => outcome)),
    profile: policy.profile,
    canonicalRepositories: policy.canonicalRepositories,
    clusters,
  };
}
